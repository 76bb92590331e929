import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../examples/backend/app.ts';
import { openDatabase, readWritableTables } from '../../examples/backend/database.ts';
import { WRITABLE_TABLES } from '../../examples/backend/schema.ts';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { createTokens } from '../../examples/backend/tokens.ts';

// The routes beside `POST /api/data`: the same store, by one transaction per request, and by one row per request.

let database: Awaited<ReturnType<typeof openDatabase>>;
let backend: Backend;

beforeAll(async () => {
  database = await openDatabase();
  backend = await startBackend({ database, log: () => {} });
});

afterAll(async () => {
  await backend.close();
  await database.close();
});

let users = 0;

function newUser() {
  const id = `user-${++users}`;
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> =>
    fetch(`${backend.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await backend.issueToken(id)}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    id,
    row: (name: string) => `${id}-${name}`,
    send,
    batch: (body: unknown) => send('POST', '/api/batch', body),
    list: (name: string, data: unknown = { name }) => ({
      op: 'PUT',
      table: 'lists',
      id: `${id}-${name}`,
      data,
    }),
    patch: (name: string, data: unknown) => ({ op: 'PATCH', table: 'lists', id: `${id}-${name}`, data }),
    remove: (name: string) => ({ op: 'DELETE', table: 'lists', id: `${id}-${name}` }),
    names: async () => (await backend.snapshot(id)).lists?.map(({ name }) => name),
  };
}

async function expectAnswer(response: Response, status: number, body: unknown): Promise<void> {
  const text = await response.text();
  expect([response.status, text === '' ? '' : JSON.parse(text)]).toEqual([status, body]);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
}

const completed = { message: 'Batch completed' };
const refused = (code: string, index = 0) => ({
  error: expect.objectContaining({ code, index, message: expect.stringMatching(/./) }),
});

describe('POST /api/batch', () => {
  test('applies PUT, PATCH and DELETE as one transaction', async () => {
    const user = newUser();
    await expectAnswer(await user.batch({ batch: [user.list('a'), user.list('b')] }), 200, completed);
    const before = backend.executions();
    const batch = [user.patch('a', { name: 'new' }), user.remove('b'), user.list('c')];
    await expectAnswer(await user.batch({ batch }), 200, completed);
    expect(await user.names()).toEqual(['new', 'c']);
    expect(backend.executions()).toBe(before + 1);
  });

  test('a batch is applied whole or not at all, and the answer names the entry', async () => {
    const user = newUser();
    const batch = [user.list('a'), user.list('b', { name: '' }), user.list('c')];
    await expectAnswer(await user.batch({ batch }), 422, refused('CHECK_VIOLATION', 1));
    expect(await user.names()).toEqual([]);
  });

  test('a key that was applied before is not applied again', async () => {
    const user = newUser();
    const first = { idempotency_key: 'client:1-1:aa', batch: [user.list('a', { name: 'first' })] };
    await expectAnswer(await user.batch(first), 200, completed);
    await user.batch({ batch: [user.patch('a', { name: 'newer' })] });
    await expectAnswer(await user.batch(first), 200, completed);
    expect(await user.names()).toEqual(['newer']);
  });

  test.each([
    ["another user's row", 403, 'UNAUTHORIZED', { op: 'DELETE', table: 'lists', id: 'of-bob' }],
    ['a missing list', 409, 'FOREIGN_KEY_VIOLATION', todo({ list_id: 'nowhere' })],
    ['a text that is too long', 422, 'CHECK_VIOLATION', todo({ description: 'x'.repeat(141) })],
    ['a column without a value', 422, 'NOT_NULL_VIOLATION', todo({ description: null })],
    ['a value of another type', 422, 'INVALID_DATA', todo({ completed: 'no' })],
    [
      'a table that clients may not use',
      501,
      'SCHEMA_MISMATCH',
      { op: 'PUT', table: 'pg_class', id: 'x', data: {} },
    ],
    ['an unknown column', 501, 'SCHEMA_MISMATCH', todo({ mood: 'good' })],
  ])('refuses %s with %i', async (_, status, code, entry) => {
    const bob = newUser();
    await bob.batch({ batch: [{ op: 'PUT', table: 'lists', id: 'of-bob', data: { name: 'b' } }] });
    await backend.query("update lists set owner_id = 'bob' where id = 'of-bob'");
    await expectAnswer(await newUser().batch({ batch: [entry] }), status, refused(code));
  });

  test('each of several transactions gets a result, and is one database transaction', async () => {
    const user = newUser();
    const before = backend.executions();
    const body = {
      batch: [user.list('a'), user.list('b'), user.patch('a', { name: 'A' }), user.list('c')],
      transactions: [
        { idempotency_key: 'client:1-2:aa', entries: 2 },
        { idempotency_key: 'client:3-3:bb', entries: 1 },
        { entries: 1 },
      ],
    };
    const success = { status: 'success' };
    await expectAnswer(await user.batch(body), 200, { results: [success, success, success] });
    expect(await user.names()).toEqual(['A', 'b', 'c']);
    expect(backend.executions()).toBe(before + 3);
    await user.batch(body);
    expect(backend.executions()).toBe(before + 4); // the one without a key
  });

  test('the first refused transaction ends the request', async () => {
    const user = newUser();
    const batch = [user.list('a'), user.list('b'), user.list('bad', { name: null }), user.list('c')];
    const transactions = [{ entries: 1 }, { entries: 2 }, { entries: 1 }];
    await expectAnswer(await user.batch({ batch, transactions }), 200, {
      results: [
        { status: 'success' },
        {
          status: 'fatal_error',
          requires_client_handling: false,
          message: expect.any(String),
          failed_operation: expect.objectContaining({ error_code: 'NOT_NULL_VIOLATION', operation_index: 1 }),
        },
        { status: 'not_attempted' },
      ],
    });
    expect(await user.names()).toEqual(['a']);
  });

  const entry = { op: 'PUT', table: 'lists', id: 'x', data: { name: 'x' } };
  test.each([
    ['a body that is not JSON', '{"batch":', 'the body must be JSON'],
    ['a list', [], 'the body must be an object'],
    ['no batch', {}, 'batch must be an array'],
    ['an empty batch', { batch: [] }, 'batch must have a member at least'],
    [
      'an entry without op',
      { batch: [{ table: 'lists', id: 'x' }] },
      'batch[0].op must be PUT, PATCH or DELETE',
    ],
    ['an unknown op', { batch: [{ ...entry, op: 'DROP' }] }, 'batch[0].op must be PUT, PATCH or DELETE'],
    ['data that is null', { batch: [{ ...entry, data: null }] }, 'batch[0].data must be an object'],
    [
      'an invalid key',
      { batch: [entry], idempotency_key: 'a b' },
      'the body.idempotency_key must be 1 to 255 visible ASCII characters',
    ],
    ['no transaction', { batch: [entry], transactions: [] }, 'transactions must have 1 to 50 members, not 0'],
    [
      'an empty transaction',
      { batch: [entry], transactions: [{ entries: 0 }, { entries: 1 }] },
      'transactions[0].entries must be above 0',
    ],
    [
      'fewer entries than in the batch',
      { batch: [entry, entry], transactions: [{ entries: 1 }] },
      'transactions have 1 entries, but batch has 2',
    ],
    [
      'more entries than in the batch',
      { batch: [entry], transactions: [{ entries: 2 }] },
      'transactions have 2 entries, but batch has 1',
    ],
    [
      'a number as text',
      { batch: [entry], transactions: [{ entries: '1' }] },
      'transactions[0].entries must be an integer',
    ],
  ])('answers 400 to %s', async (_, body, message) => {
    const user = newUser();
    await expectAnswer(await user.batch(body), 400, { message });
    expect(await user.names()).toEqual([]);
  });
});

describe('/api/rows/:table/:id', () => {
  test('PUT and PATCH answer with the row, DELETE with 204', async () => {
    const user = newUser();
    const path = `/api/rows/lists/${user.row('a')}`;
    const row = { id: user.row('a'), name: 'a', owner_id: user.id };
    await expectAnswer(await user.send('PUT', path, { name: 'a' }), 200, row);
    await expectAnswer(await user.send('PUT', path, { id: user.row('a'), name: 'b' }), 200, {
      ...row,
      name: 'b',
    });
    await expectAnswer(await user.send('PATCH', path, { name: 'c' }), 200, { ...row, name: 'c' });
    await expectAnswer(await user.send('PATCH', path, {}), 200, { ...row, name: 'c' });
    await expectAnswer(await user.send('DELETE', path), 204, '');
    expect(await user.names()).toEqual([]);
  });

  test('PATCH and DELETE of a missing row are 404', async () => {
    const user = newUser();
    const path = `/api/rows/lists/${user.row('gone')}`;
    await expectAnswer(await user.send('PATCH', path, { name: 'x' }), 404, refused('NOT_FOUND'));
    await expectAnswer(await user.send('DELETE', path), 404, refused('NOT_FOUND'));
  });

  test.each(['a/b', '..%2f', 'ü 🧺', '%2e%2e', 'x?y=1#z', 'line\nbreak', "o'brien", '\\', '%', '"'])(
    'the id %j is that of its row',
    async (name) => {
      const user = newUser();
      const id = user.row(name);
      const path = `/api/rows/lists/${encodeURIComponent(id)}`;
      await expectAnswer(await user.send('PUT', path, { name: 'a' }), 200, {
        id,
        name: 'a',
        owner_id: user.id,
      });
      expect((await backend.snapshot(user.id)).lists).toMatchObject([{ id }]);
      await expectAnswer(await user.send('DELETE', path), 204, '');
      expect(await user.names()).toEqual([]);
    },
  );

  test('a key that was applied before is not applied again', async () => {
    const user = newUser();
    const path = `/api/rows/lists/${user.row('a')}`;
    const key = { 'idempotency-key': 'client:1-1:aa:1' };
    await user.send('PUT', path, { name: 'first' }, key);
    await user.send('PATCH', path, { name: 'newer' });
    await expectAnswer(await user.send('PUT', path, { name: 'first' }, key), 200, {
      id: user.row('a'),
      name: 'newer',
      owner_id: user.id,
    });
    expect(await user.names()).toEqual(['newer']);
  });

  test('a replay succeeds although the row has been deleted since', async () => {
    const user = newUser();
    const path = `/api/rows/lists/${user.row('a')}`;
    const put = { 'idempotency-key': 'client:1-1:aa:1' };
    const remove = { 'idempotency-key': 'client:2-2:bb:2' };
    await user.send('PUT', path, { name: 'a' }, put);
    await expectAnswer(await user.send('DELETE', path, undefined, remove), 204, '');
    await expectAnswer(await user.send('DELETE', path, undefined, remove), 204, '');
    await expectAnswer(await user.send('PUT', path, { name: 'a' }, put), 204, '');
    expect(await user.names()).toEqual([]);
  });

  test.each([
    ['PUT', 'lists/of-bob', { name: 'mine' }, 403, 'UNAUTHORIZED'],
    ['PATCH', 'lists/of-bob', { name: 'mine' }, 403, 'UNAUTHORIZED'],
    ['DELETE', 'lists/of-bob', undefined, 403, 'UNAUTHORIZED'],
    ['PUT', 'lists/own', { name: 'x', owner_id: 'bob' }, 403, 'UNAUTHORIZED'],
    ['PUT', 'todos/own', todo({ list_id: 'nowhere' }).data, 409, 'FOREIGN_KEY_VIOLATION'],
    ['PUT', 'lists/own', { name: '' }, 422, 'CHECK_VIOLATION'],
    ['PUT', 'lists/own', { name: 'x', id: 'other' }, 422, 'INVALID_DATA'],
    ['PUT', 'pg_class/own', {}, 501, 'SCHEMA_MISMATCH'],
    ['PATCH', 'lists/own', { mood: 1 }, 501, 'SCHEMA_MISMATCH'],
  ])('%s %s %j is refused with %i', async (method, path, body, status, code) => {
    await backend.query(
      "insert into lists (id, name, owner_id) values ('of-bob', 'b', 'bob') on conflict do nothing",
    );
    await expectAnswer(await newUser().send(method, `/api/rows/${path}`, body), status, refused(code));
  });

  test.each([
    ['PUT', '[]', {}, 'the body must be an object'],
    ['PATCH', 'null', {}, 'the body must be an object'],
    ['PUT', '{"name":', {}, 'the body must be JSON'],
    [
      'PUT',
      '{"name":"a"}',
      { 'idempotency-key': 'a b' },
      'the Idempotency-Key header must be 1 to 255 visible ASCII characters',
    ],
  ])('%s %s with headers %j is answered with 400', async (method, body, headers, message) => {
    const user = newUser();
    await expectAnswer(await user.send(method, `/api/rows/lists/${user.row('a')}`, body, headers), 400, {
      message,
    });
    expect(await user.names()).toEqual([]);
  });

  test.each(['/api/rows/lists', '/api/rows/lists/', '/api/rows/lists/a/b', '/api/rows'])(
    '%s is not a route',
    async (path) => {
      await expectAnswer(await newUser().send('DELETE', path), 404, { message: 'No such route' });
    },
  );
});

describe.each([
  ['POST', '/api/batch', { batch: [{ op: 'PUT', table: 'lists', id: 'x', data: { name: 'x' } }] }],
  ['PUT', '/api/rows/lists/x', { name: 'x' }],
  ['DELETE', '/api/rows/lists/x', undefined],
])('%s %s', (method, path, body) => {
  test('is 401 without a valid token', async () => {
    for (const authorization of ['', 'Bearer ', 'Bearer nonsense', 'Basic eDp5']) {
      const response = await newUser().send(method, path, body, { authorization });
      await expectAnswer(response, 401, { message: expect.stringMatching(/token/) });
    }
  });

  test('is 413 when the body is too large', async () => {
    const response = await newUser().send(method, path, `"${'x'.repeat(102_401)}"`);
    await expectAnswer(response, 413, { message: 'request entity too large' });
  });

  test('can be called from web pages', async () => {
    const response = await fetch(`${backend.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization,content-type,idempotency-key',
      },
    });
    expect(response.headers.get('access-control-allow-methods')).toContain(method);
    expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  test('is 503 with Retry-After while the database is down', async () => {
    const tokens = await createTokens();
    const tables = await readWritableTables(database, WRITABLE_TABLES);
    const logged: unknown[] = [];
    const outage = new Error('connect ECONNREFUSED 127.0.0.1:5432');
    const app = createApp({
      database: { query: () => Promise.reject(outage), transaction: () => Promise.reject(outage) },
      tables,
      tokens,
      powersyncUrl: () => '',
      log: (error) => logged.push(error),
    });
    const response = await app.request(path, {
      method,
      headers: { authorization: `Bearer ${await tokens.issue('ada')}` },
      ...(body && { body: JSON.stringify(body) }),
    });
    await expectAnswer(response, 503, {
      error: { code: 'UNAVAILABLE', message: 'The database could not take this write now' },
    });
    expect(response.headers.get('retry-after')).toBe('2');
    expect(logged).toEqual([outage]);
  });
});

test('a refusal that the app has to decide about says so on every route', async () => {
  const another = await startBackend({
    database,
    log: () => {},
    requiresClientHandling: ['CHECK_VIOLATION'],
  });
  onTestFinished(() => another.close());
  const authorization = `Bearer ${await another.issueToken('ada')}`;
  const bad = { name: '' };
  for (const [method, path, body] of [
    ['POST', '/api/batch', { batch: [{ op: 'PUT', table: 'lists', id: 'x', data: bad }] }],
    ['PUT', '/api/rows/lists/x', bad],
  ] as const) {
    const response = await fetch(`${another.url}${path}`, {
      method,
      headers: { authorization },
      body: JSON.stringify(body),
    });
    await expectAnswer(response, 422, {
      error: expect.objectContaining({ requires_client_handling: true }),
    });
  }
});

/** A PUT of a to-do into a list of this backend that everybody may see; each test changes what is wrong with it. */
function todo(data: Record<string, unknown>) {
  return {
    op: 'PUT',
    table: 'todos',
    id: 'own',
    data: { list_id: 'nowhere', description: 'd', completed: 0, ...data },
  };
}

describe('GET /api/rows/:table/:id', () => {
  test("answers with the user's own row, and with 404 for any other", async () => {
    const [ada, bob] = [newUser(), newUser()];
    await ada.batch({ batch: [ada.list('a', { name: 'Milk' })] });
    const path = `/api/rows/lists/${ada.row('a')}`;
    const answer = await ada.send('GET', path);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ id: ada.row('a'), name: 'Milk', owner_id: ada.id });
    for (const refused of [
      await bob.send('GET', path),
      await ada.send('GET', '/api/rows/applied_transactions/x'),
    ])
      expect(refused.status).toBe(404);
  });
});
