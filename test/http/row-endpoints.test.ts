import type { Outcome, UploadEntry, UploadErrorCode } from 'powersync-backend-connector';
import { type RowEndpointsOptions, rowEndpoints } from 'powersync-backend-connector/http';
import { describe, expect, it } from 'vitest';
import { batch, context, failureOf, put, type ReceivedRequest, startServer, transaction } from './support.ts';

type Answer = (request: ReceivedRequest) => [status: number, body?: unknown, contentType?: string];

/** A real server that answers as told, and the transport to it. */
async function backend(answer: Answer = () => [200, {}], options: Partial<RowEndpointsOptions> = {}) {
  const server = await startServer((response, request) => {
    const [status, body, type = 'application/json'] = answer(request);
    const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': type, 'retry-after': '7' }).end(text);
  });
  const transport = rowEndpoints({ url: `${server.url}/v1`, ...options });
  const deliver = (...entries: UploadEntry[]): Promise<readonly Outcome[]> =>
    transport(batch(transaction('t', ...entries)), context());
  const seen = () =>
    server.requests.map(({ method, path, body }) => [method, path, body && JSON.parse(body)]);
  return { ...server, transport, deliver, seen };
}

const patch = (id: string, opData: Record<string, unknown> = { name: 'x' }): UploadEntry => ({
  ...put(id, opData),
  op: 'PATCH',
  clientId: 2,
});
const remove = (id: string): UploadEntry => ({ clientId: 3, op: 'DELETE', table: 'lists', id });
const applied = { status: 'applied' };

describe('rowEndpoints(): the requests', () => {
  it('are one for each entry, in order, to the address of its row', async () => {
    const { deliver, seen, requests } = await backend();
    expect(await deliver(put('a', { name: 'x' }), patch('a', { name: null }), remove('b/c'))).toEqual([
      applied,
    ]);
    expect(seen()).toEqual([
      ['PUT', '/v1/lists/a', { name: 'x', id: 'a' }],
      ['PATCH', '/v1/lists/a', { name: null }],
      ['DELETE', '/v1/lists/b%2Fc', ''],
    ]);
    expect(requests[0]?.headers).toMatchObject({
      authorization: 'Bearer jwt',
      'content-type': 'application/json',
    });
    expect(requests[2]?.headers['content-type']).toBeUndefined();
  });

  it('follow the routes of the app: by op, by pattern, by function', async () => {
    const { deliver, seen } = await backend(undefined, {
      routes: {
        lists: {
          path: '/lists/{id}',
          PUT: {
            method: 'POST',
            path: '/lists',
            body: ({ id, opData }) => ({ list: { ...opData, uuid: id } }),
          },
        },
        'audit_*': (entry) => ({ method: 'post', path: `/audit/${entry.op}/{id}`, body: { by: 'me' } }),
      },
    });
    await deliver(put('a', { name: 'x' }), remove('a'), { ...put('../b'), table: 'audit_log', clientId: 4 });
    expect(seen()).toEqual([
      ['POST', '/v1/lists', { list: { name: 'x', uuid: 'a' } }],
      ['DELETE', '/v1/lists/a', ''],
      ['POST', '/v1/audit/PUT/..%2Fb', { by: 'me' }],
    ]);
  });

  it('carry the key of their entry where asked for', async () => {
    const { deliver, requests } = await backend(undefined, { idempotencyHeader: 'Idempotency-Key' });
    await deliver(put('a'), patch('a'));
    expect(requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['key-of-t:1', 'key-of-t:2']);
  });

  it('are not made for a PATCH without columns', async () => {
    const { deliver, requests } = await backend();
    expect(await deliver(patch('a', {}))).toEqual([{ status: 'skipped' }]);
    expect(requests).toEqual([]);
  });

  it.each(['.', '..', ''])('are not made for the id %j: such a row has no address of its own', async (id) => {
    const { deliver, requests } = await backend();
    expect(await deliver(remove(id))).toMatchObject([
      { status: 'rejected', error: { code: 'invalid' }, entryIndex: 0 },
    ]);
    expect(requests).toEqual([]);
  });

  it('are not made for a table without a route: it is kept, and named', async () => {
    const { deliver, requests } = await backend(undefined, { routes: { todos: {} } });
    expect(await deliver(put('a'))).toMatchObject([
      { status: 'retry', error: { code: 'misconfigured', message: expect.stringContaining('"lists"') } },
    ]);
    expect(requests).toEqual([]);
  });

  it('are not made for an op that the backend does not take: it is rejected', async () => {
    const { deliver, requests } = await backend(undefined, { routes: { default: { DELETE: false } } });
    expect(await deliver(remove('a'))).toMatchObject([{ status: 'rejected', error: { code: 'invalid' } }]);
    expect(requests).toEqual([]);
  });
});

describe('rowEndpoints(): a 2xx', () => {
  it.each<[what: string, status: number, body: unknown]>([
    ['no content', 204, undefined],
    ['created, without a body', 201, undefined],
    ['the row', 200, { id: 'a', name: 'x' }],
    [
      'the row, whatever its columns are called',
      200,
      { id: 'a', name: 'x', success: false, error: { x: 1 }, errors: ['e'] },
    ],
    ['a row with an id of the server', 201, { id: 17, name: 'x', status: 'error' }],
    ['a message', 200, { message: 'done' }],
    ['true', 200, true],
  ])('with %s is applied', async (_, status, body) => {
    const { deliver } = await backend(() => [status, body]);
    expect(await deliver(put('a'))).toEqual([applied]);
  });

  it.each<[what: string, status: number, body: unknown]>([
    ['a web page', 200, '<!doctype html>'],
    ['nothing', 200, undefined],
    ['half a body', 201, '{"id": "a'],
  ])('with %s says nothing, and keeps the write', async (_, status, body) => {
    const { deliver } = await backend(() => [status, body]);
    expect(await deliver(put('a'))).toMatchObject([{ status: 'retry', error: { code: 'misconfigured' } }]);
  });

  it.each([[{ success: false }], [{ errors: ['no'] }], [{ error: { code: 7 } }]])(
    'with %j is a rejection',
    async (json) => {
      const { deliver } = await backend(() => [200, json]);
      expect(await deliver(put('a'))).toMatchObject([
        { status: 'rejected', error: { code: 'unclassified' }, details: json },
      ]);
    },
  );

  it('is read by the app first', async () => {
    const decode: RowEndpointsOptions['decode'] = ({ status, text }) =>
      status === 200 && text === 'message' ? { status: 'applied' } : undefined;
    const { deliver } = await backend(() => [200, 'message', 'text/html'], { decode });
    expect(await deliver(put('a'))).toEqual([applied]);
  });
});

describe('rowEndpoints(): a refusal', () => {
  it.each<[status: number, outcome: Outcome['status'], code: UploadErrorCode]>([
    [400, 'rejected', 'invalid'],
    [403, 'rejected', 'forbidden'],
    [405, 'retry', 'misconfigured'],
    [408, 'retry', 'timeout'],
    [409, 'rejected', 'conflict'],
    [413, 'rejected', 'too_large'],
    [422, 'rejected', 'invalid'],
    [426, 'retry', 'update_required'],
    [429, 'retry', 'throttled'],
    [500, 'retry', 'unavailable'],
    [503, 'retry', 'unavailable'],
  ])('%d is %s, %s, and tells what was applied', async (status, outcome, code) => {
    const { deliver } = await backend(({ method }) =>
      method === 'PATCH' ? [status, { message: 'words' }] : [204],
    );
    const [of] = await deliver(put('a'), patch('b'), remove('c'));
    expect(of).toMatchObject({
      status: outcome,
      error: { code, status, retryAfterMs: 7_000 },
      inBand: false,
    });
    if (outcome === 'rejected')
      expect(of).toMatchObject({ entryIndex: 1, appliedEntries: [0], details: { message: 'words' } });
    expect(of && 'error' in of && of.error.message).not.toContain('words');
  });

  it('401 is thrown, so that the token is refreshed; what was applied is not sent again', async () => {
    let isExpired = true;
    const { deliver, requests } = await backend(({ method }) =>
      method === 'PATCH' && isExpired ? [401, {}] : [204],
    );
    expect(await failureOf(deliver(put('a'), patch('b')) as never)).toMatchObject({
      code: 'unauthenticated',
    });
    isExpired = false;
    expect(await deliver(put('a'), patch('b'))).toEqual([applied]);
    expect(requests.map(({ method }) => method)).toEqual(['PUT', 'PATCH', 'PATCH']);
  });

  it('a code of the app has the meaning that it gives it', async () => {
    const errorCodes = { TOO_OLD: 'update_required', TAKEN: 'conflict' } as const;
    const old = await backend(() => [400, { code: 'TOO_OLD' }], { errorCodes });
    expect(await old.deliver(put('a'))).toMatchObject([
      { status: 'retry', error: { code: 'update_required' } },
    ]);
    const taken = await backend(() => [200, { error: { code: 'TAKEN' } }], { errorCodes });
    expect(await taken.deliver(put('a'))).toMatchObject([
      { status: 'rejected', error: { code: 'conflict' } },
    ]);
  });

  it('a page of a firewall refuses nothing', async () => {
    const { deliver } = await backend(() => [403, '<html>', 'text/html']);
    expect(await deliver(put('a'))).toMatchObject([{ status: 'retry', error: { code: 'misconfigured' } }]);
  });
});

it.each<[options: object, message: RegExp]>([
  [{ url: undefined }, /rowEndpoints: option "url"/],
  [{ route: {} }, /there is no option "route"/],
  [{ routes: { todos: 'x' } }, /option "routes.todos" must be an object/],
  [{ routes: { todos: { POST: {} } } }, /there is no option "routes.todos.POST"/],
  [{ routes: { todos: { PUT: { methd: 'x' } } } }, /there is no option "routes.todos.PUT.methd"/],
  [{ routes: { todos: { PUT: { method: 'P T' } } } }, /option "routes.todos.PUT.method"/],
  [{ routes: { todos: { PUT: { body: {} } } } }, /option "routes.todos.PUT.body" must be a function/],
  [{ routes: { todos: { path: '' } } }, /option "routes.todos.path" must be a path/],
  [{ concurrency: 0 }, /option "concurrency"/],
  [{ isMissingRow: true }, /option "isMissingRow" must be a function/],
  [{ errorCodes: { A: 'b' } }, /option "errorCodes.A"/],
  [{ idempotencyHeader: 7 }, /option "idempotencyHeader"/],
  [{ decode: {} }, /option "decode" must be a function/],
])('%j is a TypeError', (options, message) => {
  const make = () => rowEndpoints({ url: 'https://api.test', ...options } as RowEndpointsOptions);
  expect(make).toThrow(TypeError);
  expect(make).toThrow(message);
});

describe('rowEndpoints() and a server whose ids are integers', () => {
  let opId = 100;
  /** Entries of their own: what was applied isn't sent again. */
  const fresh = (entry: UploadEntry): UploadEntry => ({ ...entry, clientId: ++opId });
  const uuid = (start: string): string => `${start}9a10-0000-4000-8000-000000000000`.slice(0, 36);

  /** As Rails, MySQL or PHP find a row. */
  const cast = (path: string): number => {
    const id = decodeURIComponent(path.split('/').at(-1) ?? '');
    return Math.trunc(Number.parseFloat(id));
  };
  const integers: Answer = ({ method, path }) =>
    method === 'POST' ? [201, { id: 17 }] : method === 'DELETE' ? [204] : [200, { id: cast(path) }];

  it.each(['3f2c', '3e2c', '17ab', ' 3', '+3', '03', '3.5'])(
    'the id %j was read as another one: rejected, and no such id is sent again',
    async (start) => {
      const { deliver, requests } = await backend(integers);
      const [outcome] = await deliver(fresh(patch(uuid(start))));
      expect(outcome).toMatchObject({
        status: 'rejected',
        error: { code: 'not_found', message: expect.stringContaining('another row') },
        details: { id: expect.any(Number) },
      });
      expect(requests).toHaveLength(1);
      for (const next of [remove(uuid('6abc')), patch(uuid('feed')), put(uuid('6abc'))])
        expect(await deliver(fresh(next))).toMatchObject([
          { status: 'retry', error: { code: 'misconfigured' } },
        ]);
      expect(requests).toHaveLength(1);
      expect(await deliver(fresh(patch('6')))).toEqual([applied]);
      expect(await deliver(fresh({ ...patch(uuid('6abc')), table: 'todos' }))).toMatchObject([
        { status: 'rejected' },
      ]);
    },
  );

  it('an id that the server chose for a new row is no other row', async () => {
    const routes = { default: { PUT: { method: 'POST', path: '/{table}' } } };
    const { deliver, requests } = await backend(integers, { routes });
    for (const id of [uuid('17ab'), uuid('feed')]) expect(await deliver(fresh(put(id)))).toEqual([applied]);
    await deliver(fresh(patch(uuid('17ab'))));
    expect(await deliver(fresh(put(uuid('17cd'))))).toEqual([applied]);
    expect(requests).toHaveLength(4);
  });

  it.each([
    ['12', { id: 12 }],
    ['12', { id: '12' }],
    ['hello-world', { id: 12, slug: 'hello-world' }],
    ['3f2c', { id: '3f2c' }],
    ['3f2c', { id: null }],
    ['3f2c', { id: 4 }],
    ['3f2c', [{ id: 3 }]],
    ['abc', { id: 0 }],
  ])('the id %j and the answer %j: applied', async (id, body) => {
    const { deliver } = await backend(() => [200, body]);
    expect(await deliver(fresh(patch(id)))).toEqual([applied]);
  });

  it('what decode() says counts', async () => {
    const { deliver } = await backend(integers, { decode: () => ({ status: 'applied' }) });
    expect(await deliver(fresh(patch(uuid('3f2c'))))).toEqual([applied]);
    expect(await deliver(fresh(patch(uuid('6abc'))))).toEqual([applied]);
  });
});
