import { writeApi } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import { mockWriteApi } from '../../src/testing/mocks.ts';
import { batch, context, put, transaction } from '../http/support.ts';

const url = 'https://api.test/api/data';
const crud = [{ id: 'a', op: 'PUT', table: 'lists', op_data: { name: 'x', note: null } }];

/** Sends a body as it is, by the contract in all else. */
function send(
  api: ReturnType<typeof mockWriteApi>,
  body: unknown,
  init: RequestInit = {},
): Promise<Response> {
  return api.fetch(url, {
    method: 'POST',
    headers: { authorization: 'Bearer jwt', 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  });
}

describe('the rules of the reference write API', () => {
  it('1 to 50 transactions are taken', async () => {
    const api = mockWriteApi({ url });
    const transactions = Array.from({ length: 50 }, () => ({ crud }));
    const response = await send(api, { transactions });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ results: transactions.map(() => ({ status: 'success' })) });
    expect(api.executions).toBe(50);
  });

  it('every member that the contract knows is read, and others are ignored', async () => {
    const api = mockWriteApi({ url });
    const entry = {
      ...crud[0],
      transaction_id: 7,
      previous_values: { name: 'w' },
      metadata: 'm',
      else: null,
    };
    await send(api, {
      transactions: [{ transaction_id: 7, idempotency_key: 'k', crud: [entry], else: 1 }],
      else: 1,
    });
    expect(api.received[0]?.transactions).toEqual([
      {
        key: 'k',
        transactionId: 7,
        entries: [
          {
            op: 'PUT',
            table: 'lists',
            id: 'a',
            opData: { name: 'x', note: null },
            previousValues: { name: 'w' },
            metadata: 'm',
          },
        ],
      },
    ]);
    expect(api.tables).toEqual({ lists: { a: { name: 'x', note: null } } });
  });

  const entry = (changes: object) => ({ transactions: [{ crud: [{ ...crud[0], ...changes }] }] });
  it.each([
    ['no transactions', {}],
    ['none in the list', { transactions: [] }],
    ['51 transactions', { transactions: Array.from({ length: 51 }, () => ({ crud })) }],
    ['a transaction that is null', { transactions: [null] }],
    ['no crud', { transactions: [{}] }],
    ['a crud that is null', { transactions: [{ crud: null }] }],
    ['a transaction id that is null', { transactions: [{ crud, transaction_id: null }] }],
    ['a transaction id that is no integer', { transactions: [{ crud, transaction_id: 1.5 }] }],
    ['an unknown op', entry({ op: 'POST' })],
    ['an id that is a number', entry({ id: 7 })],
    ['a table that is missing', entry({ table: undefined })],
    ['op_data that is null', entry({ op_data: null })],
    ['op_data that is a list', entry({ op_data: [] })],
    ['previous_values that are null', entry({ previous_values: null })],
    ['metadata that is null', entry({ metadata: null })],
    ['an entry with a transaction id that is null', entry({ transaction_id: null })],
    ['a list', [{ crud }]],
    ['no JSON', '{"transactions":'],
  ])('%s: 400, and nothing is applied', async (_, body) => {
    const api = mockWriteApi({ url });
    api.failNext(500);
    const response = await send(api, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({ message: expect.any(String) });
    expect(api.tables).toEqual({});
    expect(api.received).toMatchObject([{ transactions: [], status: 400 }]);
    expect(api.pending).toEqual(['failNext(500)']);
  });

  it('says which member is wrong', async () => {
    const response = await send(mockWriteApi({ url }), {
      transactions: [{ crud }, { crud: [crud[0], { id: 7 }] }],
    });
    expect(await response.json()).toEqual({
      message: 'request/body/transactions/1/crud/1/id must be a string',
    });
  });

  it.each([
    ['no token', {}, 401],
    ['another scheme', { authorization: 'Basic YTpi' }, 401],
    ['an empty token', { authorization: 'Bearer ' }, 401],
    ['another content type', { authorization: 'Bearer jwt', 'content-type': 'text/plain' }, 400],
  ])('%s: %s %i', async (_, headers, status) => {
    const api = mockWriteApi({ url });
    const response = await send(
      api,
      { transactions: [{ crud }] },
      { headers: { 'content-type': 'application/json', ...headers } },
    );
    expect(response.status).toBe(status);
    expect(api.tables).toEqual({});
  });

  it('authorization: "none" takes requests without a token', async () => {
    const api = mockWriteApi({ url, authorization: 'none' });
    const response = await send(
      api,
      { transactions: [{ crud }] },
      { headers: { 'content-type': 'application/json' } },
    );
    expect(response.status).toBe(200);
  });

  it('another method is 404', async () => {
    const response = await mockWriteApi({ url }).fetch(url, { headers: { authorization: 'Bearer jwt' } });
    expect(response.status).toBe(404);
  });

  it.each([
    [102_400, 200],
    [102_401, 413],
  ])('a body of %i bytes: %i', async (bytes, status) => {
    const text = JSON.stringify({ transactions: [{ crud }] });
    const filler = 'ä'.repeat(3);
    const body = `${text.slice(0, -1)},"f":"${filler}${'x'.repeat(bytes - text.length - 13)}"}`;
    expect(new TextEncoder().encode(body)).toHaveLength(bytes);
    expect((await send(mockWriteApi({ url }), body)).status).toBe(status);
  });
});

describe('results', () => {
  it('after a refusal, the rest is not attempted', async () => {
    const api = mockWriteApi({ url });
    const transport = writeApi({ url, fetch: api.fetch });
    api.rejectNext('NOT_NULL_VIOLATION', {
      where: ({ id }) => id === 'b',
      message: 'null value in column "name"',
      details: { column: 'name' },
      needsDecision: true,
    });
    expect(await transport(batch('a', 'b', 'c'), context())).toMatchObject([
      { status: 'applied' },
      {
        status: 'rejected',
        error: { code: 'invalid' },
        needsDecision: true,
        entryIndex: 0,
        details: {
          error_code: 'NOT_NULL_VIOLATION',
          message: 'null value in column "name"',
          details: { column: 'name' },
          operation_index: 0,
        },
      },
      { status: 'not_attempted' },
    ]);
    expect(Object.keys(api.tables.lists ?? {})).toEqual(['a']);
    expect(api.executions).toBe(1);
  });

  it('retryNext() asks to come again', async () => {
    const api = mockWriteApi({ url });
    const transport = writeApi({ url, fetch: api.fetch });
    api.retryNext({ retryAfterMs: 1500 });
    expect(api.pending).toEqual(['retryNext()']);
    expect(await transport(batch('a', 'b'), context())).toMatchObject([
      { status: 'retry', error: { code: 'unavailable', retryAfterMs: 1500 } },
      { status: 'not_attempted' },
    ]);
    expect(api.tables).toEqual({});
    expect(await transport(batch('a', 'b'), context())).toMatchObject([
      { status: 'applied' },
      { status: 'applied' },
    ]);
  });

  it('a rejection passes over what is a replay', async () => {
    const api = mockWriteApi({ url });
    const transport = writeApi({ url, fetch: api.fetch });
    await transport(batch('a'), context());
    api.rejectNext('UNIQUE_VIOLATION');
    expect(await transport(batch('a'), context())).toMatchObject([{ status: 'applied' }]);
    expect(api.pending).toHaveLength(1);
    expect(await transport(batch('a', 'b'), context())).toMatchObject([
      { status: 'applied' },
      { status: 'rejected' },
    ]);
  });

  it('a transaction that was refused is looked at again when it comes again', async () => {
    const api = mockWriteApi({ url });
    const transport = writeApi({ url, fetch: api.fetch });
    api.rejectNext('UNIQUE_VIOLATION');
    expect(await transport(batch('a'), context())).toMatchObject([{ status: 'rejected' }]);
    expect(await transport(batch('a'), context())).toMatchObject([{ status: 'applied' }]);
    expect(api.executions).toBe(1);
  });

  it('rows are upserted, updated where they are, and deleted', async () => {
    const api = mockWriteApi({ url, tables: { lists: { old: { name: 'x', note: 'n' } } } });
    const transport = writeApi({ url, fetch: api.fetch });
    const entries = [
      put('old', { name: 'y' }),
      put('new', { name: 'z' }),
      { ...put('gone', { name: 'nowhere' }), op: 'PATCH' },
      { ...put('new'), op: 'DELETE' },
      { ...put('never'), op: 'DELETE' },
    ];
    expect(await transport(batch(transaction('t', ...entries)), context())).toEqual([{ status: 'applied' }]);
    expect(api.tables).toEqual({ lists: { old: { name: 'y', note: 'n' } } });
    api.reset();
    expect(api.tables).toEqual({ lists: { old: { name: 'x', note: 'n' } } });
  });

  it('names that objects inherit are tables and ids like any other', async () => {
    const api = mockWriteApi({ url });
    const transport = writeApi({ url, fetch: api.fetch });
    const entry = { ...put('constructor', { name: 'x' }), table: '__proto__' };
    await transport(batch(transaction('t', entry)), context());
    expect(Object.keys(api.tables)).toEqual(['__proto__']);
    expect(Object.entries(api.tables)[0]?.[1]).toEqual({ constructor: { name: 'x' } });
    expect(({} as Record<string, unknown>).constructor).toBe(Object);
  });
});

describe('options', () => {
  it.each([
    ['url', { url: '' }],
    ['idempotent', { url, idempotent: 1 }],
    ['atomic', { url, atomic: 'yes' }],
    ['authorization', { url, authorization: 'basic' }],
    ['tables', { url, tables: 1 }],
    ['tables.lists', { url, tables: { lists: null } }],
    ['clock', { url, clock: 1 }],
    ['idempotnet', { url, idempotnet: true }],
  ])('%s is checked', (name, options) => {
    expect(() => mockWriteApi(options as never)).toThrow(TypeError);
    expect(() => mockWriteApi(options as never)).toThrow(`"${name}"`);
  });

  it('arguments of the script are checked', () => {
    const api = mockWriteApi({ url });
    expect(() => api.failNext(99)).toThrow('"status"');
    expect(() => api.delay(-1)).toThrow('"ms"');
    expect(() => api.limitBytes(Number.NaN)).toThrow('"bytes"');
  });
});
