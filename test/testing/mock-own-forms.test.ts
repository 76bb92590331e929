import { batchEndpoint, rowEndpoints } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import { mockBatchEndpoint, mockRowEndpoints } from '../../src/testing/mocks.ts';
import { batch, context, failureOf, put, transaction } from '../http/support.ts';
import { one, said } from './support.ts';

const applied = { status: 'applied' };

describe('mockBatchEndpoint()', () => {
  const url = 'https://api.test/sync';

  it('reads several transactions of one request, each with its key', async () => {
    const api = mockBatchEndpoint({ url });
    const transport = batchEndpoint({ url, fetch: api.fetch, maxTransactions: 10 });
    const two = transaction('two', put('b'), { ...put('c'), op: 'DELETE' });
    expect(await transport(batch('a', two), context())).toEqual([applied, applied]);
    expect(api.received[0]?.transactions).toEqual([
      { key: 'key-of-a', entries: [{ op: 'PUT', table: 'lists', id: 'a', opData: { name: 'a' } }] },
      {
        key: 'key-of-two',
        entries: [
          { op: 'PUT', table: 'lists', id: 'b', opData: { name: 'b' } },
          { op: 'DELETE', table: 'lists', id: 'c' },
        ],
      },
    ]);
    expect(api.executions).toBe(2);
  });

  it('takes a request as a whole, unless atomic is false', async () => {
    for (const atomic of [true, false]) {
      const api = mockBatchEndpoint({ url, atomic });
      const transport = batchEndpoint({ url, fetch: api.fetch, maxTransactions: 10 });
      api.rejectNext('23514', { where: ({ id }) => id === 'b' });
      expect(await failureOf(transport(batch('a', 'b', 'c'), context()))).toMatchObject({ code: 'invalid' });
      expect(Object.keys(api.tables.lists ?? {})).toEqual(atomic ? [] : ['a']);
      expect(api.executions).toBe(atomic ? 0 : 1);
      expect(await transport(batch('a', 'b', 'c'), context())).toEqual([applied, applied, applied]);
      expect(api.executions).toBe(3);
    }
  });

  it('refuses by HTTP status where asked to', async () => {
    const api = mockBatchEndpoint({ url });
    const transport = batchEndpoint({ url, fetch: api.fetch });
    api.rejectNext('TAKEN', { status: 409 });
    expect(await said(transport, one('a'))).toBe('conflict');
    expect(api.received[0]?.status).toBe(409);
  });

  it('tells which entry of the request it refused', async () => {
    const api = mockBatchEndpoint({ url });
    const transport = batchEndpoint({ url, fetch: api.fetch });
    api.rejectNext('23505', { where: ({ id }) => id === 'b' });
    expect(await transport(one('t', { id: 'a' }, { id: 'b' }), context())).toMatchObject([
      { status: 'rejected', entryIndex: 1, details: { error: { code: '23505', index: 1 } } },
    ]);
  });

  it('takes the key of a header', async () => {
    const api = mockBatchEndpoint({ url });
    const encode = () => ({ batch: [{ op: 'DELETE', table: 'lists', id: 'a' }] });
    const transport = batchEndpoint({ url, fetch: api.fetch, encode, idempotencyHeader: 'Idempotency-Key' });
    await transport(batch('a'), context());
    expect(api.received[0]?.transactions[0]?.key).toBe('key-of-a');
  });

  it('reads and answers in forms of the app', async () => {
    const api = mockBatchEndpoint({
      url,
      method: 'put',
      read: (body) =>
        body.changes && [
          { key: body.key, entries: [{ op: 'PUT', table: 'notes', id: body.changes, opData: {} }] },
        ],
      answer: (transactions) => ({ saved: transactions.length }),
    });
    const transport = batchEndpoint({
      url,
      fetch: api.fetch,
      method: 'PUT',
      encode: ({ transactions: [first] }) => ({ key: first?.key, changes: first?.entries[0]?.id }),
      decode: ({ json }) => (json?.saved === 1 ? [{ status: 'applied' }] : undefined),
    });
    expect(await transport(batch('a'), context())).toEqual([applied]);
    expect(api.tables).toEqual({ notes: { a: {} } });
  });

  it.each([
    ['no batch', {}],
    ['an unknown op', { batch: [{ op: 'POST', table: 'lists', id: 'a' }] }],
    ['a PUT without data', { batch: [{ op: 'PUT', table: 'lists', id: 'a' }] }],
    ['counts that are too small', { batch: [{ op: 'DELETE', table: 'lists', id: 'a' }], transactions: [] }],
    ['no JSON', '{'],
  ])('%s: 400', async (_, body) => {
    const api = mockBatchEndpoint({ url, authorization: 'none' });
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    expect((await api.fetch(url, { method: 'POST', body: text })).status).toBe(400);
    expect(api.executions).toBe(0);
  });

  it.each([
    ['method', { method: 1 }],
    ['read', { read: 1 }],
    ['answer', { answer: 1 }],
    ['readd', { readd: 1 }],
  ])('its option %s is checked', (name, options) => {
    expect(() => mockBatchEndpoint({ url, ...options } as never)).toThrow(`"${name}"`);
  });
});

describe('mockRowEndpoints()', () => {
  const url = 'https://api.test/v1';
  const patch = (id: string) => one(id, { op: 'PATCH', opData: { name: 'z' } });

  it('a row that is gone is 404 to PATCH and DELETE', async () => {
    const api = mockRowEndpoints({ url });
    const transport = rowEndpoints({ url, fetch: api.fetch });
    expect(await said(transport, patch('gone'))).toBe('not_found');
    expect(await said(transport, one('a'))).toBe('applied');
    expect(await said(transport, one('gone', { op: 'DELETE' }))).toBe('applied');
    expect(api.received.map(({ method, status }) => `${method} ${status}`)).toEqual([
      'PATCH 404',
      'PUT 200',
      'DELETE 404',
    ]);
    expect(api.tables).toEqual({ lists: { a: { name: 'a' } } });
  });

  it('answers with the row, whatever is in its id', async () => {
    const api = mockRowEndpoints({ url });
    const transport = rowEndpoints({ url, fetch: api.fetch });
    const id = 'a/b?c#d ä%';
    expect(await said(transport, one(id, { opData: { name: 'x' } }))).toBe('applied');
    expect(api.tables).toEqual({ lists: { [id]: { name: 'x' } } });
    expect(await said(transport, one('second', { id, op: 'DELETE' }))).toBe('applied');
    expect(api.tables).toEqual({});
  });

  it('refuses by the status that is asked for, 422 by default', async () => {
    const api = mockRowEndpoints({ url });
    const transport = rowEndpoints({ url, fetch: api.fetch });
    api.rejectNext('TITLE_TOO_LONG', { message: 'too long' });
    api.rejectNext('TAKEN', { status: 409 });
    expect(await transport(one('a'), context())).toMatchObject([
      {
        status: 'rejected',
        error: { code: 'invalid' },
        details: { code: 'TITLE_TOO_LONG', message: 'too long' },
      },
    ]);
    expect(await said(transport, one('a'))).toBe('conflict');
    expect(api.received.map(({ status }) => status)).toEqual([422, 409]);
  });

  it('a replay by the key of the header is answered as before', async () => {
    const api = mockRowEndpoints({ url, tables: { lists: { a: {} } }, idempotencyHeader: 'X-Key' });
    const remove = (key: string) =>
      api.fetch(`${url}/lists/a`, {
        method: 'DELETE',
        headers: { authorization: 'Bearer jwt', 'x-key': key },
      });
    expect([(await remove('1')).status, (await remove('1')).status, (await remove('2')).status]).toEqual([
      204, 204, 404,
    ]);
    expect(api.executions).toBe(1);
  });

  it('reads routes of the app', async () => {
    const api = mockRowEndpoints({
      url,
      read: ({ method, path: [lists, list, todos, id], body }) => {
        if (lists !== 'lists' || todos !== 'todos') return undefined;
        if (method === 'POST')
          return { op: 'PUT', table: 'todos', id: body.id, opData: { ...body, list_id: list } };
        return method === 'DELETE' && id ? { op: 'DELETE', table: 'todos', id } : undefined;
      },
    });
    const transport = rowEndpoints({
      url,
      fetch: api.fetch,
      routes: {
        todos: {
          path: '/lists/{list_id}/todos/{id}',
          PUT: { method: 'POST', path: '/lists/{list_id}/todos' },
        },
        default: {},
      },
    });
    const todo = { table: 'todos', opData: { list_id: 'l' } };
    expect(await said(transport, one('t', todo))).toBe('applied');
    expect(api.tables).toEqual({ todos: { t: { id: 't', list_id: 'l' } } });
    expect(await said(transport, one('other'))).toBe('misconfigured');
    expect(api.received.map(({ status }) => status)).toEqual([200, 404]);
  });

  it.each([
    ['GET', '/lists/a'],
    ['PUT', '/lists/a'],
    ['PUT', '/lists'],
    ['DELETE', '/lists/a/b'],
  ])('%s %s without a body: 404', async (method, path) => {
    const api = mockRowEndpoints({ url, authorization: 'none' });
    expect((await api.fetch(url + path, { method })).status).toBe(404);
  });

  it.each([
    ['read', { read: 1 }],
    ['idempotencyHeader', { idempotencyHeader: 1 }],
    ['atomicc', { atomicc: true }],
  ])('its option %s is checked', (name, options) => {
    expect(() => mockRowEndpoints({ url, ...options } as never)).toThrow(`"${name}"`);
  });
});
