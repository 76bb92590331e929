// What the mocks answer over the wire, to clients that aren't this package's own.
import { createClient } from '@supabase/supabase-js';
import { describe, expect, it } from 'vitest';
import { mockEdgeFunction, mockGraphql, mockPostgrest, mockWriteService } from '../../src/testing/mocks.ts';

const crud = [{ id: 'a', op: 'PUT', table: 'lists', op_data: { name: 'x' } }];

function supabase(api: { fetch: typeof fetch }) {
  return createClient('https://project.test', 'anon-key', {
    global: { fetch: api.fetch },
    auth: { persistSession: false, autoRefreshToken: false },
  });
}

describe('mockPostgrest(), through supabase-js', () => {
  const url = 'https://project.test/rest/v1';

  it('upserts, updates and deletes rows, and counts them', async () => {
    const api = mockPostgrest({ url, tables: { todos: { old: { text: 'x', done: 0 } } } });
    const todos = () => supabase(api).from('todos');
    const count = 'exact' as const;
    expect(await todos().upsert([{ id: 'a', text: 'one' }, { id: 'b, c' }], { count })).toMatchObject({
      status: 201,
      count: 2,
      error: null,
    });
    expect(await todos().update({ text: 'y' }, { count }).eq('id', 'old')).toMatchObject({
      status: 204,
      count: 1,
    });
    expect(await todos().update({ text: 'z' }, { count }).eq('id', 'gone')).toMatchObject({
      status: 204,
      count: 0,
    });
    expect(await todos().select('id', { head: true, count }).eq('id', 'old')).toMatchObject({
      status: 200,
      count: 1,
    });
    expect(await todos().select('id', { head: true, count }).eq('id', 'gone')).toMatchObject({ count: 0 });
    expect(api.tables.todos).toEqual({ old: { text: 'y', done: 0 }, a: { text: 'one' }, 'b, c': {} });
    expect(await todos().delete({ count }).in('id', ['a', 'b, c', 'gone'])).toMatchObject({ count: 2 });
    expect(await todos().delete({ count }).eq('id', 'old')).toMatchObject({ status: 204, count: 1 });
    expect(api.tables).toEqual({});
    expect(api.received[0]?.headers.prefer).toContain('resolution=merge-duplicates');
  });

  it('calls a function with one transaction, once for each key', async () => {
    const api = mockPostgrest({ url });
    const call = (key: string, entries: object[] = crud) =>
      supabase(api).rpc('powersync_upload', { idempotency_key: key, crud: entries });
    expect(await call('k')).toMatchObject({ status: 200, data: { status: 'applied' } });
    expect(await call('k')).toMatchObject({ status: 200, data: { status: 'applied' } });
    expect(api.executions).toBe(1);
    const gone = { id: 'gone', op: 'PATCH', table: 'lists', op_data: { name: 'y' } };
    expect(await call('l', [{ ...crud[0], id: 'b' }, gone])).toMatchObject({
      status: 409,
      error: { code: 'PT409', hint: 'crud[1]' },
    });
    expect(Object.keys(api.tables.lists ?? {})).toEqual(['a']);
    expect(await call('m', [{}])).toMatchObject({ status: 400, error: { code: '22023' } });
  });

  it.each([
    ['23505', 409],
    ['23502', 400],
    ['42501', 403],
    ['42P01', 404],
    ['PGRST205', 404],
    ['57014', 500],
    ['08006', 503],
    ['P0001', 400],
  ])('rejectNext(%j) is status %i', async (code, status) => {
    const api = mockPostgrest({ url });
    api.rejectNext(code, { message: 'no', details: 'because' });
    expect(await supabase(api).from('todos').upsert({ id: 'a' })).toMatchObject({
      status,
      error: { code, message: 'no', details: 'because' },
    });
    expect(api.tables).toEqual({});
  });

  it('a token that expired is answered in its form', async () => {
    const api = mockPostgrest({ url });
    api.expireToken();
    expect(await supabase(api).from('todos').upsert({ id: 'a' })).toMatchObject({
      status: 401,
      error: { code: 'PGRST301' },
    });
  });

  it.each([
    ['a row without an id', 'POST', '/todos', '{"text":"x"}'],
    ['an update of everything', 'PATCH', '/todos', '{"text":"x"}'],
    ['an update without columns', 'PATCH', '/todos?id=eq.a', ''],
    ['a delete of everything', 'DELETE', '/todos', undefined],
    ['a query', 'GET', '/todos', undefined],
    ['a path of no table', 'POST', '/todos/a', '{}'],
    ['no path', 'POST', '', '{}'],
    ['a call by GET', 'GET', '/rpc/upload', undefined],
  ])('%s is refused', async (_, method, path, body) => {
    const api = mockPostgrest({ url, authorization: 'none' });
    const response = await api.fetch(url + path, { method, ...(body !== undefined && { body }) });
    expect(response.ok).toBe(false);
    expect(await response.json()).toMatchObject({ code: expect.any(String) });
    expect(api.tables).toEqual({});
  });
});

describe('mockEdgeFunction(), through supabase-js', () => {
  const url = 'https://project.test/functions/v1/upload';
  const invoke = (api: { fetch: typeof fetch }, body: object) =>
    supabase(api).functions.invoke('upload', { body });

  it('speaks the reference write API', async () => {
    const api = mockEdgeFunction({ url });
    expect(await invoke(api, { transactions: [{ crud }] })).toMatchObject({
      data: { results: [{ status: 'success' }] },
      error: null,
    });
    expect(api.tables).toEqual({ lists: { a: { name: 'x' } } });
    expect((await invoke(api, { transactions: [] })).error).toMatchObject({ name: 'FunctionsHttpError' });
    api.dropReply();
    expect((await invoke(api, { transactions: [{ crud }] })).error).toMatchObject({
      name: 'FunctionsFetchError',
    });
  });

  it('or takes one transaction', async () => {
    const api = mockEdgeFunction({ url, oneTransaction: true });
    const body = { crud: [{ ...crud[0], client_id: 5 }], transaction_id: 3, idempotency_key: 'k' };
    expect((await invoke(api, body)).data).toEqual({ status: 'success' });
    api.rejectNext('VALIDATION_ERROR');
    expect((await invoke(api, { ...body, idempotency_key: 'l' })).data).toMatchObject({
      status: 'fatal_error',
      failed_operation: { error_code: 'VALIDATION_ERROR' },
    });
    expect((await invoke(api, { transactions: [{ crud }] })).error).toMatchObject({
      name: 'FunctionsHttpError',
    });
  });

  it('its options are checked', () => {
    expect(() => mockEdgeFunction({ url, oneTransaction: 1 } as never)).toThrow('"oneTransaction"');
    expect(() => mockEdgeFunction({ url: '' })).toThrow('mockEdgeFunction: option "url"');
  });
});

describe('mockGraphql()', () => {
  const url = 'https://api.test/graphql';
  async function post(api: { fetch: typeof fetch }, body: unknown) {
    const response = await api.fetch(url, {
      method: 'POST',
      headers: { authorization: 'Bearer jwt', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, ...((await response.json()) as object) };
  }
  const query =
    'mutation Upload($transactions: [T!]!) { uploadTransactions(transactions: $transactions) { status } }';

  it('answers one result for each transaction, with every member', async () => {
    const api = mockGraphql({ url });
    api.rejectNext('CHECK_VIOLATION', { where: ({ id }) => id === 'b', message: 'no' });
    const transactions = [{ crud }, { crud: [{ ...crud[0], id: 'b' }] }, { crud }];
    const none = {
      message: null,
      retry_after_ms: null,
      requires_client_handling: null,
      failed_operation: null,
    };
    expect(await post(api, { query, variables: { transactions } })).toEqual({
      status: 200,
      data: {
        uploadTransactions: [
          { status: 'success', ...none },
          {
            ...none,
            status: 'fatal_error',
            message: 'no',
            requires_client_handling: false,
            failed_operation: {
              error_code: 'CHECK_VIOLATION',
              message: 'no',
              details: null,
              operation_index: 0,
            },
          },
          { status: 'not_attempted', ...none },
        ],
      },
    });
  });

  it('knows no other mutation, and takes no malformed variables', async () => {
    const api = mockGraphql({ url });
    const errors = [{ message: expect.any(String), extensions: { code: 'BAD_USER_INPUT' } }];
    expect(await post(api, { query: 'mutation { other }' })).toEqual({ status: 200, errors });
    expect(await post(api, { query, variables: { transactions: [] } })).toEqual({ status: 200, errors });
    expect(await post(api, { query })).toEqual({ status: 200, errors });
    expect(await post(api, {})).toMatchObject({ status: 400 });
    expect((await api.fetch(url, { headers: { authorization: 'Bearer jwt' } })).status).toBe(405);
  });

  it('reads mutations of the app, and answers their field', async () => {
    const api = mockGraphql({
      url,
      read: ({ field, variables: { id, key } }) =>
        field === 'put' ? { key, entries: [{ op: 'PUT', table: 'lists', id, opData: {} }] } : undefined,
    });
    const put = 'mutation ($id: ID!) {\n  put: putList(id: $id) { id }\n}';
    expect(await post(api, { query: put, variables: { id: 'a', key: 'k' } })).toEqual({
      status: 200,
      data: { put: { id: 'a' } },
    });
    api.rejectNext('CONFLICT', { message: 'taken', details: 7 });
    expect(await post(api, { query: put, variables: { id: 'b', key: 'l' } })).toEqual({
      status: 200,
      data: { put: null },
      errors: [{ message: 'taken', path: ['put'], extensions: { code: 'CONFLICT', details: 7 } }],
    });
    api.retryNext();
    expect(await post(api, { query: put, variables: { id: 'b', key: 'l' } })).toMatchObject({
      errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }],
    });
    api.wrongCount();
    expect(await post(api, { query: put, variables: { id: 'a', key: 'k' } })).toEqual({
      status: 200,
      data: {},
    });
    expect(await post(api, { query: 'mutation { drop }' })).toMatchObject({ errors: [{}] });
    expect(api.tables).toEqual({ lists: { a: {} } });
    expect(() => mockGraphql({ url, read: 1 } as never)).toThrow('"read"');
  });
});

describe('mockWriteService()', () => {
  const header = { Authorization: 'Bearer jwt' };
  const message = (id: string) => ({
    transactionId: 7n,
    idempotencyKey: `key-of-${id}`,
    crud: [{ id, op: 1, table: 'lists', opData: { name: 'x' } }],
  });
  const call = (api: ReturnType<typeof mockWriteService>, ...transactions: object[]) =>
    api.transport.unary({}, undefined, undefined, header, { transactions });

  it('answers one result for each transaction', async () => {
    const api = mockWriteService();
    api.rejectNext('UNIQUE_VIOLATION', { where: ({ id }) => id === 'b', needsDecision: true, message: 'no' });
    expect((await call(api, message('a'), message('b'), message('c'))).message.results).toMatchObject([
      { status: 1 },
      {
        status: 3,
        requiresClientHandling: true,
        message: 'no',
        failedOperation: { errorCode: 'UNIQUE_VIOLATION', operationIndex: 0 },
      },
      { status: 4 },
    ]);
    expect(api.tables).toEqual({ lists: { a: { name: 'x' } } });
    expect(api.received).toMatchObject([
      {
        headers: { authorization: 'Bearer jwt' },
        transactions: [{ key: 'key-of-a', transactionId: 7 }, {}, {}],
      },
    ]);
    api.retryNext({ retryAfterMs: 5 });
    expect((await call(api, message('d'))).message.results).toMatchObject([{ status: 2, retryAfterMs: 5 }]);
  });

  it.each([
    [400, 3],
    [401, 16],
    [403, 7],
    [404, 12],
    [409, 10],
    [413, 8],
    [429, 8],
    [500, 13],
    [503, 14],
    [504, 4],
    [418, 2],
  ])('failNext(%i) is gRPC status %i', async (status, code) => {
    const api = mockWriteService();
    api.failNext(status, { retryAfter: 9 });
    const error = await call(api, message('a')).catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'ConnectError', code });
    expect(error.metadata.get('grpc-status')).toBe(String(code));
    expect(error.metadata.get('retry-after')).toBe('9');
  });

  it('a malformed message is INVALID_ARGUMENT', async () => {
    const api = mockWriteService();
    await expect(call(api)).rejects.toMatchObject({ code: 3 });
    await expect(call(api, { crud: [{ id: 'a', op: 0, table: 'lists' }] })).rejects.toMatchObject({
      code: 3,
    });
    expect(() => mockWriteService({ atomc: 1 } as never)).toThrow('"atomc"');
  });
});
