import { createLocalJWKSet, generateKeyPair, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createApp } from '../../examples/backend/app.ts';
import type { TransactionResult, UploadedTransaction } from '../../examples/backend/contract.ts';
import { openDatabase } from '../../examples/backend/database.ts';
import { forgetOldKeys } from '../../examples/backend/idempotency.ts';
import { type Backend, type BackendOptions, startBackend } from '../../examples/backend/server.ts';
import { readFailure, WriteRefused } from '../../examples/backend/sqlstate.ts';
import { createTokens } from '../../examples/backend/tokens.ts';

const quiet = () => {};
let database: Awaited<ReturnType<typeof openDatabase>>;
let backend: Backend;

beforeAll(async () => {
  database = await openDatabase();
  backend = await startBackend({ database, log: quiet });
});

afterAll(async () => {
  await backend.close();
  await database.close();
});

/** A second backend on the same database, with other options. */
async function startAnother(options: BackendOptions): Promise<Backend> {
  const another = await startBackend({ database, log: quiet, ...options });
  onTestFinished(() => another.close());
  return another;
}

let users = 0;

/** A user that no other test knows, with row ids of their own. */
function newUser(to = backend) {
  const id = `user-${++users}`;
  const send = async (body: string, headers: Record<string, string> = {}) =>
    fetch(`${to.url}/api/data`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await to.issueToken(id)}`,
        'content-type': 'application/json',
        ...headers,
      },
      body,
    });
  return {
    id,
    row: (name: string) => `${id}/${name}`,
    send,
    async upload(...transactions: unknown[]): Promise<TransactionResult[]> {
      const response = await send(JSON.stringify({ transactions }));
      const body = (await response.json()) as { results: TransactionResult[] };
      expect(response.status, JSON.stringify(body)).toBe(200);
      return body.results;
    },
    list: (name: string, data: Record<string, unknown> = { name }) => ({
      id: `${id}/${name}`,
      op: 'PUT',
      table: 'lists',
      op_data: data,
    }),
    todo: (name: string, data: Record<string, unknown> = {}) => ({
      id: `${id}/${name}`,
      op: 'PUT',
      table: 'todos',
      op_data: { list_id: `${id}/list`, description: name, ...data },
    }),
    patch: (name: string, data: Record<string, unknown>, table = 'lists') => ({
      id: `${id}/${name}`,
      op: 'PATCH',
      table,
      op_data: data,
    }),
    remove: (name: string, table = 'lists') => ({ id: `${id}/${name}`, op: 'DELETE', table }),
    lists: async () => (await backend.snapshot(id)).lists ?? [],
    todos: async () => (await backend.snapshot(id)).todos ?? [],
  };
}

const success = { status: 'success' };
const notAttempted = { status: 'not_attempted' };
const fatal = (error_code: string, operation_index = 0) => ({
  status: 'fatal_error',
  requires_client_handling: false,
  message: expect.any(String),
  failed_operation: expect.objectContaining({
    error_code,
    operation_index,
    message: expect.stringMatching(/./),
  }),
});

async function expectMessage(response: Response, status: number, message: unknown = expect.any(String)) {
  expect(response.status).toBe(status);
  expect(await response.json()).toEqual({ message });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
}

describe('writes', () => {
  test('PUT, PATCH and DELETE change the rows', async () => {
    const user = newUser();
    expect(
      await user.upload(
        { transaction_id: 1, crud: [user.list('list'), user.todo('a'), user.todo('b', { completed: 1 })] },
        { crud: [user.patch('a', { completed: 1 }, 'todos'), user.remove('b', 'todos')] },
      ),
    ).toEqual([success, success]);
    expect(await backend.snapshot(user.id)).toEqual({
      lists: [{ id: user.row('list'), name: 'list', owner_id: user.id }],
      todos: [
        {
          id: user.row('a'),
          list_id: user.row('list'),
          description: 'a',
          completed: 1,
          owner_id: user.id,
        },
      ],
    });
  });

  test('PUT of an existing row updates the columns that it has', async () => {
    const user = newUser();
    await user.upload({ crud: [user.list('list'), user.todo('a', { completed: 1 })] });
    expect(await user.upload({ crud: [user.todo('a', { description: 'new' })] })).toEqual([success]);
    expect(await user.todos()).toMatchObject([{ description: 'new', completed: 1 }]);
  });

  test('a PATCH without columns is skipped, with op_data or without', async () => {
    const user = newUser();
    await user.upload({ crud: [user.list('list')] });
    expect(
      await user.upload({
        crud: [user.patch('list', {}), { id: user.row('list'), op: 'PATCH', table: 'lists' }],
      }),
    ).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ name: 'list' }]);
  });

  test('a PATCH or a DELETE of a missing row succeeds', async () => {
    const user = newUser();
    expect(await user.upload({ crud: [user.patch('gone', { name: 'x' }), user.remove('gone')] })).toEqual([
      success,
    ]);
    expect(await user.lists()).toEqual([]);
  });

  test('unknown members are ignored; metadata and previous values are accepted', async () => {
    const user = newUser();
    const entry = {
      ...user.list('list'),
      transaction_id: 3,
      previous_values: { name: 'was' },
      metadata: 'm',
      mood: null,
    };
    expect(await user.upload({ transaction_id: 3, crud: [entry], client: 'x' })).toEqual([success]);
    expect(await user.lists()).toHaveLength(1);
  });

  test('op_data may repeat the id, but not have another', async () => {
    const user = newUser();
    expect(await user.upload({ crud: [user.list('a', { id: user.row('a'), name: 'a' })] })).toEqual([
      success,
    ]);
    expect(await user.upload({ crud: [user.patch('a', { id: user.row('b') })] })).toEqual([
      fatal('INVALID_DATA'),
    ]);
    expect(await user.lists()).toMatchObject([{ id: user.row('a') }]);
  });

  test('text keeps every character, in values and in ids', async () => {
    const user = newUser();
    const name = '👩‍👩‍👧 naïve "quotes" \\ \n ﷽ ';
    expect(await user.upload({ crud: [user.list('🧺', { name })] })).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ id: user.row('🧺'), name }]);
    expect(await user.upload({ crud: [user.remove('🧺')] })).toEqual([success]);
    expect(await user.lists()).toEqual([]);
  });

  test('values are converted to the type of their column', async () => {
    const user = newUser();
    const entries = [user.list('list', { name: 42 }), user.todo('a', { completed: '1' })];
    expect(await user.upload({ crud: entries })).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ name: '42' }]);
    expect(await user.todos()).toMatchObject([{ completed: 1 }]);
  });
});

describe('failures', () => {
  test('a transaction is applied whole or not at all', async () => {
    const user = newUser();
    expect(
      await user.upload({ crud: [user.list('list'), user.todo('a'), user.todo('b', { completed: 'no' })] }),
    ).toEqual([fatal('INVALID_DATA', 2)]);
    expect(await backend.snapshot(user.id)).toEqual({ lists: [], todos: [] });
  });

  test('the first failure ends the upload: earlier transactions stay, the rest is not attempted', async () => {
    const user = newUser();
    expect(
      await user.upload(
        { crud: [user.list('a')] },
        { crud: [user.list('b'), user.list('c', {})] },
        { crud: [user.list('d')] },
        { crud: [user.list('e')] },
      ),
    ).toEqual([success, fatal('NOT_NULL_VIOLATION', 1), notAttempted, notAttempted]);
    expect(await user.lists()).toMatchObject([{ name: 'a' }]);
  });

  test('onFatalError: skip goes on after a refusal, but not after one that the client must handle', async () => {
    const skipping = await startAnother({
      onFatalError: 'skip',
      requiresClientHandling: ['CHECK_VIOLATION'],
    });
    const user = newUser(skipping);
    const results = await user.upload(
      { crud: [user.list('a', {})] },
      { crud: [user.list('b')] },
      { crud: [user.list('c', { name: '' })] },
      { crud: [user.list('d')] },
    );
    expect(results).toEqual([
      fatal('NOT_NULL_VIOLATION'),
      success,
      { ...fatal('CHECK_VIOLATION'), requires_client_handling: true },
      notAttempted,
    ]);
    expect(await user.lists()).toMatchObject([{ name: 'b' }]);
  });

  test('each kind of bad data has its code', async () => {
    const user = newUser();
    await user.upload({ crud: [user.list('list')] });
    await database.exec(
      'create unique index one_of_each on todos (description) where description like $$only-%$$',
    );
    onTestFinished(() => database.exec('drop index one_of_each').then(quiet));
    await user.upload({ crud: [user.todo('only-one')] });

    const cases = {
      NOT_NULL_VIOLATION: user.todo('a', { description: null }),
      FOREIGN_KEY_VIOLATION: user.todo('a', { list_id: 'nowhere' }),
      UNIQUE_VIOLATION: user.todo('a', { description: 'only-one' }),
      CHECK_VIOLATION: user.todo('a', { description: 'x'.repeat(141) }),
      INVALID_DATA: user.todo('a', { completed: {} }),
      SCHEMA_MISMATCH: user.todo('a', { priority: 1 }),
      UNAUTHORIZED: user.todo('a', { owner_id: 'somebody' }),
    };
    for (const [code, entry] of Object.entries(cases)) {
      expect(await user.upload({ crud: [entry] }), code).toEqual([fatal(code)]);
    }
    expect(await user.todos()).toMatchObject([{ description: 'only-one' }]);
  });

  test('a refusal names the constraint, and quotes no row', async () => {
    const user = newUser();
    const [result] = await user.upload({ crud: [user.list('secret-id', {})] });
    expect(result).toMatchObject({
      failed_operation: { details: { sqlstate: '23502', table: 'lists', column: 'name' } },
    });
    expect(JSON.stringify(result)).not.toContain('secret-id');
  });

  test.each([
    ['half an emoji in a value', { name: 'a\ud83d' }, 'l'],
    ['the other half', { name: '\ude00a' }, 'l'],
    ['half an emoji in the id', { name: 'a' }, 'l\ud83d'],
    ['a zero character', { name: 'a\u0000' }, 'l'],
  ])('text that is not Unicode is refused and not changed: %s', async (_, data, name) => {
    const user = newUser();
    // The row that a replacement character instead of the half would hit.
    await user.upload({ crud: [user.list('l\ufffd', { name: 'other' })] });
    for (const op of ['PUT', 'PATCH'] as const) {
      const [result] = await user.upload({ crud: [{ ...user.list(name, data), op }] });
      expect(result).toEqual(fatal('INVALID_DATA'));
      expect(result).toMatchObject({ message: expect.stringMatching(/surrogate|\\u0000/) });
    }
    expect(await user.lists()).toEqual([{ id: user.row('l\ufffd'), name: 'other', owner_id: user.id }]);
  });

  test('half an emoji in the id of a DELETE deletes nothing', async () => {
    const user = newUser();
    await user.upload({ crud: [user.list('l\ufffd')] });
    expect(await user.upload({ crud: [user.remove('l\ud83d')] })).toEqual([fatal('INVALID_DATA')]);
    expect(await user.lists()).toHaveLength(1);
  });

  test.each(['40001', '40P01', '08006', '53300', '55P03', '57014', '58030'])(
    'a temporary error of the database (%s) keeps the write, and leaves no key',
    async (state) => {
      const user = newUser();
      await database.exec(`
        create function fail() returns trigger language plpgsql as
          $$ begin raise exception 'internal words' using errcode = '${state}'; end $$;
        create trigger fail before insert on lists for each row execute function fail();`);
      const transactions = [
        { idempotency_key: `c:1-1:${state}`, crud: [user.list('a')] },
        { idempotency_key: `c:2-2:${state}`, crud: [user.list('b')] },
      ];
      const failed = await user.upload(...transactions);
      await database.exec('drop function fail cascade');
      expect(failed).toEqual([{ status: 'retryable_error', message: expect.any(String) }, notAttempted]);
      expect(JSON.stringify(failed)).not.toContain('internal words');
      expect(await user.upload(...transactions)).toEqual([success, success]);
      expect(await user.lists()).toHaveLength(2);
    },
  );

  test('a failure at commit is a refusal without an entry, and nothing is stored', async () => {
    const user = newUser();
    await database.exec(`
      create function fail() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '23514'; end $$;
      create constraint trigger fail after insert on lists initially deferred for each row execute function fail();`);
    const [result] = await user.upload({ idempotency_key: 'c:1-1:h', crud: [user.list('a')] });
    await database.exec('drop function fail cascade');
    expect(result).toMatchObject({
      status: 'fatal_error',
      failed_operation: { error_code: 'CHECK_VIOLATION' },
    });
    expect(result).not.toHaveProperty('failed_operation.operation_index');
    expect(await user.lists()).toEqual([]);
    expect((await backend.appliedTransactions()).filter(({ userId }) => userId === user.id)).toEqual([]);
  });

  test('an unreachable database keeps the write', async () => {
    const logged: unknown[] = [];
    const doomed = await openDatabase();
    const down = await startAnother({ database: doomed, log: (error) => logged.push(error) });
    await doomed.close();
    const user = newUser(down);
    expect(await user.upload({ crud: [user.list('a')] }, { crud: [user.list('b')] })).toEqual([
      { status: 'retryable_error', message: expect.any(String) },
      notAttempted,
    ]);
    expect(logged).toHaveLength(1);
  });

  test.each([
    ['23502', 'NOT_NULL_VIOLATION'],
    ['23503', 'FOREIGN_KEY_VIOLATION'],
    ['23505', 'UNIQUE_VIOLATION'],
    ['23514', 'CHECK_VIOLATION'],
    ['23P01', 'CONSTRAINT_VIOLATION'],
    ['22P02', 'INVALID_DATA'],
    ['42501', 'UNAUTHORIZED'],
    ['42P01', 'SCHEMA_MISMATCH'],
    ['25006', 'UNCLASSIFIED_ERROR'],
    ['55000', 'UNCLASSIFIED_ERROR'],
    ['P0001', 'UNCLASSIFIED_ERROR'],
  ])('SQLSTATE %s is %s', (code, errorCode) => {
    expect(readFailure(Object.assign(new Error('m'), { code }))).toMatchObject({ kind: 'fatal', errorCode });
  });

  test.each(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', undefined])(
    'an error without an SQLSTATE is temporary: %s',
    (code) => {
      expect(readFailure(Object.assign(new Error('m'), { code }))).toEqual({ kind: 'retryable' });
    },
  );

  test('an error that is not an object is handled', () => {
    expect(readFailure(undefined)).toEqual({ kind: 'retryable' });
    expect(readFailure('text')).toEqual({ kind: 'retryable' });
    expect(readFailure(new WriteRefused('MINE', 'because'))).toEqual({
      kind: 'fatal',
      errorCode: 'MINE',
      message: 'because',
    });
  });
});

describe('idempotency', () => {
  const keysOf = async (userId: string) =>
    (await backend.appliedTransactions()).filter((one) => one.userId === userId).map(({ key }) => key);

  test('a repeat succeeds and is not applied again', async () => {
    const user = newUser();
    const before = backend.executions();
    const first = { idempotency_key: 'c:1-1:h1', crud: [user.list('a', { name: 'old' })] };
    const second = { idempotency_key: 'c:2-2:h2', crud: [user.patch('a', { name: 'new' })] };
    expect(await user.upload(first, second)).toEqual([success, success]);
    expect(await user.upload(first)).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ name: 'new' }]);
    expect(backend.executions() - before).toBe(2);
    expect(await keysOf(user.id)).toEqual(['c:1-1:h1', 'c:2-2:h2']);
  });

  test('the same upload many times at once is applied once', async () => {
    const user = newUser();
    const before = backend.executions();
    const transaction = { idempotency_key: 'c:1-1:h', crud: [user.list('a')] };
    const answers = await Promise.all(Array.from({ length: 8 }, () => user.upload(transaction, transaction)));
    expect(answers).toEqual(Array.from({ length: 8 }, () => [success, success]));
    expect(backend.executions() - before).toBe(1);
  });

  test('the same op ids with another hash are another write', async () => {
    const user = newUser();
    await user.upload({ idempotency_key: 'c:1-2:before', crud: [user.list('a')] });
    expect(await user.upload({ idempotency_key: 'c:1-2:after', crud: [user.list('b')] })).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ name: 'a' }, { name: 'b' }]);
    const ranges = await backend.query<{ op_range: string; count: number }>(
      'select op_range, count(*)::int as count from applied_transactions where user_id = $1 group by 1',
      [user.id],
    );
    expect(ranges).toEqual([{ op_range: 'c:1-2', count: 2 }]);
  });

  test("a user's key has no meaning for another user", async () => {
    const [ann, bob] = [newUser(), newUser()];
    await ann.upload({ idempotency_key: 'c:1-1:h', crud: [ann.list('a')] });
    expect(await bob.upload({ idempotency_key: 'c:1-1:h', crud: [bob.list('a')] })).toEqual([success]);
    expect(await bob.lists()).toHaveLength(1);
  });

  test('a refused transaction leaves no key, so it is judged again', async () => {
    const user = newUser();
    const before = backend.executions();
    const transaction = { idempotency_key: 'c:1-1:h', crud: [user.todo('a')] };
    expect(await user.upload(transaction)).toEqual([fatal('FOREIGN_KEY_VIOLATION')]);
    expect(await keysOf(user.id)).toEqual([]);
    expect(backend.executions()).toBe(before);
    await user.upload({ crud: [user.list('list')] });
    expect(await user.upload(transaction)).toEqual([success]);
    expect(await user.todos()).toHaveLength(1);
  });

  test('without a key a transaction is applied each time', async () => {
    const user = newUser();
    const before = backend.executions();
    await user.upload({ crud: [user.list('a')] });
    await user.upload({ crud: [user.list('a')] });
    expect(backend.executions() - before).toBe(2);
    expect(await keysOf(user.id)).toEqual([]);
  });

  test('old keys are deleted, newer ones are kept', async () => {
    const user = newUser();
    await user.upload(
      { idempotency_key: 'c:1-1:old', crud: [] },
      { idempotency_key: 'c:2-2:young', crud: [] },
    );
    const age = (key: string, days: number) =>
      backend.query(
        'update applied_transactions set applied_at = now() - make_interval(days => $3) where user_id = $1 and key = $2',
        [user.id, key, days],
      );
    await age('c:1-1:old', 31);
    await age('c:2-2:young', 29);
    expect(await forgetOldKeys(database)).toBe(1);
    expect(await keysOf(user.id)).toEqual(['c:2-2:young']);

    await startAnother({ keyRetentionDays: 28 }); // A start prunes as well.
    expect(await keysOf(user.id)).toEqual([]);
  });
});

describe('ownership', () => {
  test('rows belong to the user of the token, whatever the upload says', async () => {
    const user = newUser();
    expect(
      await user.upload({ crud: [user.list('a'), user.list('b', { name: 'b', owner_id: user.id })] }),
    ).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ owner_id: user.id }, { owner_id: user.id }]);
    for (const entry of [user.list('c', { name: 'c', owner_id: 'x' }), user.patch('a', { owner_id: 'x' })]) {
      expect(await user.upload({ crud: [entry] })).toEqual([fatal('UNAUTHORIZED')]);
    }
    expect(await user.lists()).toHaveLength(2);
  });

  test("no user can write another user's rows", async () => {
    const [ann, bob] = [newUser(), newUser()];
    await ann.upload({ crud: [ann.list('list'), ann.todo('todo')] });
    const rows = await backend.snapshot(ann.id);
    const attempts = [
      ann.list('list', { name: 'mine now' }),
      ann.list('list', {}),
      ann.patch('list', { name: 'mine now' }),
      ann.remove('list'),
      ann.remove('todo', 'todos'),
      { ...ann.todo('todo'), id: bob.row('todo in the list of ann') },
    ];
    for (const entry of attempts) {
      const [result] = await bob.upload({ crud: [entry] });
      expect(result, JSON.stringify(entry)).toMatchObject({ status: 'fatal_error' });
    }
    expect(await bob.upload({ crud: [ann.remove('list')] })).toEqual([fatal('UNAUTHORIZED')]);
    expect(await bob.upload({ crud: [ann.patch('list', { name: 'x' })] })).toEqual([fatal('UNAUTHORIZED')]);
    expect(await bob.upload({ crud: [ann.list('list')] })).toEqual([fatal('UNAUTHORIZED')]);
    expect(await bob.upload({ crud: [{ ...ann.todo('todo'), id: bob.row('t') }] })).toEqual([
      fatal('UNAUTHORIZED'),
    ]);
    expect(await backend.snapshot(ann.id)).toEqual(rows);
    expect(await backend.snapshot(bob.id)).toEqual({ lists: [], todos: [] });
  });
});

describe('names', () => {
  const tables = [
    'nothing',
    'Lists',
    'public.lists',
    'lists; drop table todos',
    'lists" set name = $$x$$ --',
    'applied_transactions',
    'pg_catalog.pg_class',
    '__proto__',
    'constructor',
    '',
    'half \ud83d',
  ];
  test.each(tables)('table %j is not open to clients', async (table) => {
    const user = newUser();
    const message = `No table ${JSON.stringify(table)} is open to clients`;
    for (const op of ['PUT', 'PATCH', 'DELETE']) {
      expect(await user.upload({ crud: [{ id: user.row('x'), op, table, op_data: { name: 'x' } }] })).toEqual(
        [{ ...fatal('SCHEMA_MISMATCH'), message }],
      );
    }
    expect(await user.upload({ crud: [user.list('list'), user.todo('still here')] })).toEqual([success]);
  });

  const columns = [
    'nothing',
    'Name',
    'name" = (select $$x$$), "name',
    'name") values ($$x$$) --',
    '__proto__',
    'constructor',
    'toString',
    'ctid',
    '',
  ];
  test.each(columns)('column %j is unknown', async (column) => {
    const user = newUser();
    await user.upload({ crud: [user.list('list')] });
    for (const op of ['PUT', 'PATCH']) {
      // Written as text: an object literal would set the prototype instead of a member called __proto__.
      const data = `{"name":"changed",${JSON.stringify(column)}:{"name":"x"}}`;
      const response = await user.send(
        `{"transactions":[{"crud":[{"id":"${user.row('list')}","op":"${op}","table":"lists","op_data":${data}}]}]}`,
      );
      // The words of the backend: the column was refused before there was any SQL.
      const message = `Table "lists" has no column ${JSON.stringify(column)}`;
      expect(await response.json()).toEqual({ results: [{ ...fatal('SCHEMA_MISMATCH'), message }] });
    }
    expect(await user.lists()).toEqual([{ id: user.row('list'), name: 'list', owner_id: user.id }]);
    expect({}).not.toHaveProperty('name');
  });

  test('values and ids are never SQL', async () => {
    const user = newUser();
    const text = `'); drop table todos; -- " $1 $$`;
    expect(await user.upload({ crud: [user.list(text, { name: text })] })).toEqual([success]);
    expect(await user.lists()).toMatchObject([{ id: user.row(text), name: text }]);
    expect(await user.upload({ crud: [user.remove("' or '1'='1")] })).toEqual([success]);
    expect(await user.lists()).toHaveLength(1);
  });
});

describe('requests', () => {
  const entry = { id: 'x', op: 'DELETE', table: 'lists' };
  const inCrud = (member: object) => ({ transactions: [{ crud: [{ ...entry, ...member }] }] });
  const invalid: [string, unknown][] = [
    ['not an object', []],
    ['null', null],
    ['no transactions', {}],
    ['transactions null', { transactions: null }],
    ['transactions not an array', { transactions: { length: 1 } }],
    ['empty', { transactions: [] }],
    ['51 transactions', { transactions: Array.from({ length: 51 }, () => ({ crud: [] })) }],
    ['transaction null', { transactions: [null] }],
    ['no crud', { transactions: [{}] }],
    ['crud null', { transactions: [{ crud: null }] }],
    ['transaction_id null', { transactions: [{ transaction_id: null, crud: [] }] }],
    ['transaction_id text', { transactions: [{ transaction_id: '1', crud: [] }] }],
    ['transaction_id fraction', { transactions: [{ transaction_id: 1.5, crud: [] }] }],
    ['key null', { transactions: [{ idempotency_key: null, crud: [] }] }],
    ['key number', { transactions: [{ idempotency_key: 1, crud: [] }] }],
    ['key empty', { transactions: [{ idempotency_key: '', crud: [] }] }],
    ['key with half an emoji', { transactions: [{ idempotency_key: 'c:1-1:\ud83d', crud: [] }] }],
    ['entry null', { transactions: [{ crud: [null] }] }],
    ['no id', inCrud({ id: undefined })],
    ['id null', inCrud({ id: null })],
    ['id number', inCrud({ id: 7 })],
    ['no op', inCrud({ op: undefined })],
    ['op unknown', inCrud({ op: 'POST' })],
    ['op in lower case', inCrud({ op: 'put' })],
    ['no table', inCrud({ table: undefined })],
    ['table null', inCrud({ table: null })],
    ['entry transaction_id null', inCrud({ transaction_id: null })],
    ['op_data null', inCrud({ op_data: null })],
    ['op_data array', inCrud({ op_data: [] })],
    ['op_data text', inCrud({ op_data: '{}' })],
    ['previous_values null', inCrud({ previous_values: null })],
    ['previous_values text', inCrud({ previous_values: '' })],
    ['metadata null', inCrud({ metadata: null })],
    ['metadata object', inCrud({ metadata: {} })],
  ];
  test.each(invalid)('400: %s', async (_, body) => {
    await expectMessage(await newUser().send(JSON.stringify(body)), 400, expect.stringMatching(/ must /));
  });

  test('400 says where the mistake is, and nothing of the upload is applied', async () => {
    const user = newUser();
    const body = {
      transactions: [{ crud: [user.list('a')] }, { crud: [user.list('b'), { ...entry, op: 1 }] }],
    };
    await expectMessage(
      await user.send(JSON.stringify(body)),
      400,
      'transactions[1].crud[1].op must be PUT, PATCH or DELETE',
    );
    expect(await user.lists()).toEqual([]);
  });

  test.each(['', '{', 'transactions=1'])('400: a body that is not JSON: %j', async (body) => {
    await expectMessage(await newUser().send(body), 400, 'the body must be JSON');
  });

  test('50 transactions are accepted, and answered in order', async () => {
    const user = newUser();
    const transactions = Array.from({ length: 50 }, (_, n) => ({ crud: [user.list(`l${n}`)] }));
    transactions[30] = { crud: [user.list('bad', {})] };
    expect(await user.upload(...transactions)).toEqual([
      ...Array.from({ length: 30 }, () => success),
      fatal('NOT_NULL_VIOLATION'),
      ...Array.from({ length: 19 }, () => notAttempted),
    ]);
    expect(await user.lists()).toHaveLength(30);
  });

  test('a transaction without entries succeeds', async () => {
    expect(await newUser().upload({ crud: [] })).toEqual([success]);
  });

  /** An upload of exactly so many bytes. */
  function uploadOf(bytes: number, transaction: UploadedTransaction | object = { crud: [] }): string {
    const start = `{"transactions":[${JSON.stringify(transaction)}],"padding":"`;
    return `${start}${'x'.repeat(bytes - start.length - 2)}"}`;
  }

  test('bodies are accepted up to the limit, and a web page can read the 413', async () => {
    const user = newUser();
    expect((await user.send(uploadOf(102_400))).status).toBe(200);
    await expectMessage(
      await user.send(uploadOf(102_401, { crud: [user.list('a')] })),
      413,
      'request entity too large',
    );
    await expectMessage(await user.send(uploadOf(8_000_000)), 413, 'request entity too large');
    expect(await user.lists()).toEqual([]);
    expect(await user.upload({ crud: [] })).toEqual([success]); // The connection, or another, still works.
  });

  test('the limit also counts the bytes of a body without a length', async () => {
    const response = await fetch(`${backend.url}/api/data`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await backend.issueToken('u')}` },
      body: new Blob([uploadOf(102_401)]).stream(),
      ...{ duplex: 'half' },
    });
    await expectMessage(response, 413, 'request entity too large');
  });

  test('a body without a length is accepted', async () => {
    const user = newUser();
    const response = await fetch(`${backend.url}/api/data`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await backend.issueToken(user.id)}` },
      body: new Blob([JSON.stringify({ transactions: [{ crud: [user.list('ü')] }] })]).stream(),
      ...{ duplex: 'half' },
    });
    expect([response.status, await response.json()]).toEqual([200, { results: [success] }]);
    expect(await user.lists()).toMatchObject([{ name: 'ü' }]);
  });

  test('the limit is an option', async () => {
    const small = await startAnother({ maxBodyBytes: 1000 });
    expect((await newUser(small).send(uploadOf(1000))).status).toBe(200);
    expect((await newUser(small).send(uploadOf(1001))).status).toBe(413);
  });

  test('preflight allows what clients send, without a token', async () => {
    const response = await fetch(`${backend.url}/api/data`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(response.ok).toBe(true);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toBe('GET,POST,PUT,PATCH,DELETE,OPTIONS');
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization,content-type,x-requested-with,idempotency-key',
    );
  });

  test('origins can be limited', async () => {
    const strict = await startAnother({ corsOrigin: ['https://app.example'] });
    const from = async (origin: string) =>
      (await fetch(strict.url, { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await from('https://app.example')).toBe('https://app.example');
    expect(await from('https://evil.example')).toBe(null);
  });

  test('a server error is a 500, not a 401; it does not show the cause, which is logged', async () => {
    const crash = new Error('secret');
    const logged: unknown[] = [];
    const crashing = () => Promise.reject(crash);
    const app = createApp({
      database,
      tables: new Map(),
      tokens: { ...(await createTokens()), issue: crashing, verify: crashing },
      powersyncUrl: () => '',
      log: (error) => logged.push(error),
    });
    await expectMessage(await app.request('/api/auth/token?user_id=u'), 500, 'Internal server error');
    const upload = { method: 'POST', headers: { authorization: 'Bearer x' }, body: '{}' };
    await expectMessage(await app.request('/api/data', upload), 500, 'Internal server error');
    expect(logged).toEqual([crash, crash]);
  });

  test('an unknown route is a 404 in the same form', async () => {
    await expectMessage(await fetch(`${backend.url}/api/nothing`), 404);
  });
});

describe('tokens', () => {
  const upload = (authorization?: string) =>
    fetch(`${backend.url}/api/data`, {
      method: 'POST',
      ...(authorization !== undefined && { headers: { authorization } }),
      body: JSON.stringify({ transactions: [{ crud: [] }] }),
    });

  test.each([undefined, 'Basic dTpw', 'Bearer', 'Bearer a b', 'Token x'])(
    '401 without a bearer token: %s',
    async (header) => expectMessage(await upload(header), 401, 'Missing bearer token'),
  );

  test.each(['garbage', 'a.b.c', 'e30.e30.e30'])('401 for garbage: %s', async (token) => {
    await expectMessage(await upload(`Bearer ${token}`), 401, 'Invalid token');
  });

  test('401 for an expired token; the tolerance is an option', async () => {
    const token = await backend.issueToken('u', { expiresInSeconds: -30 });
    await expectMessage(await upload(`Bearer ${token}`), 401, 'Invalid token');
    const tolerant = await createTokens({ clockToleranceSeconds: 60 });
    const late = await tolerant.issue('u', { expiresInSeconds: -30 });
    expect(await tolerant.verify(late)).toEqual({ sub: 'u' });
    await expect(tolerant.verify(await tolerant.issue('u', { expiresInSeconds: -90 }))).rejects.toThrow(
      /exp/,
    );
  });

  test('401 for a token with another signature, or without one', async () => {
    const claims = await backend.issueToken('u').then((token) => JSON.parse(atob(token.split('.')[1] ?? '')));
    const { privateKey } = await generateKeyPair('ES256');
    const header = { alg: 'ES256', kid: 'example-backend' };
    const forged = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
    await expectMessage(await upload(`Bearer ${forged}`), 401, 'Invalid token');
    await expectMessage(await upload(`Bearer ${new UnsecuredJWT(claims).encode()}`), 401, 'Invalid token');
  });

  test('tokens with another audience, another issuer, no user or no expiry are refused', async () => {
    const keys = await generateKeyPair('ES256', { extractable: true });
    const { issue, verify } = await createTokens({ keys });
    expect(await verify(await issue('u'))).toEqual({ sub: 'u' });
    const others = [
      await (await createTokens({ keys, audience: 'other' })).issue('u'),
      await (await createTokens({ keys, issuer: 'other' })).issue('u'),
      await issue(''),
      await new SignJWT({ sub: 'u', aud: 'powersync', iss: 'example-backend' })
        .setProtectedHeader({ alg: 'ES256' })
        .sign(keys.privateKey),
    ];
    for (const token of others) await expect(verify(token)).rejects.toThrow('');
  });

  test('the case of the scheme does not matter', async () => {
    expect((await upload(`bearer ${await backend.issueToken('u')}`)).status).toBe(200);
  });

  test('the demo login returns a token that works for five minutes, and the PowerSync URL', async () => {
    backend.setPowerSyncUrl('http://127.0.0.1:9999');
    const response = await fetch(`${backend.url}/api/auth/token?user_id=an%20user`);
    const answer = (await response.json()) as { token: string; powersync_url: string };
    expect(answer.powersync_url).toBe('http://127.0.0.1:9999');
    expect((await upload(`Bearer ${answer.token}`)).status).toBe(200);
    expect(await backend.verify(answer.token)).toEqual({ sub: 'an user' });
    await expectMessage(await fetch(`${backend.url}/api/auth/token`), 400, 'user_id is required');
  });

  test('the published keys verify the token, and contain nothing private', async () => {
    const response = await fetch(`${backend.url}/api/auth/keys`);
    const keys = (await response.json()) as ReturnType<Backend['jwks']>;
    expect(keys).toEqual(backend.jwks());
    expect(keys.keys[0]).not.toHaveProperty('d');
    const { payload, protectedHeader } = await jwtVerify(
      await backend.issueToken('u'),
      createLocalJWKSet(keys),
      { audience: 'powersync', issuer: 'example-backend' },
    );
    expect(payload.sub).toBe('u');
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(protectedHeader.kid).toBe(keys.keys[0]?.kid);
  });
});

describe('the backend in a program', () => {
  test('onCommit is called for each commit when it can be read, and not for a rollback', async () => {
    const user = newUser();
    const calls: string[] = [];
    const stopThrowing = backend.onCommit(() => {
      throw new Error('a broken listener');
    });
    const stop = backend.onCommit(() => calls.push('commit'));
    onTestFinished(() => {
      stop();
      stopThrowing();
    });

    await user.upload({ crud: [user.list('a'), user.list('b')] }, { crud: [user.patch('a', { name: 'c' })] });
    expect(calls).toHaveLength(2);
    await user.upload({ crud: [user.list('c'), user.list('bad', {})] });
    expect(calls).toHaveLength(2);
    await backend.query('update lists set name = $1 where owner_id = $2', ['by the server', user.id]);
    expect(calls).toHaveLength(3);
    stop();
    await user.upload({ crud: [user.list('d')] });
    expect(calls).toHaveLength(3);
  });

  test('a listener can read the committed rows', async () => {
    const user = newUser();
    const seen = new Promise((resolve) => {
      onTestFinished(backend.onCommit(() => resolve(user.lists())));
    });
    await user.upload({ crud: [user.list('a')] });
    expect(await seen).toMatchObject([{ name: 'a' }]);
  });

  test('a snapshot has only the rows of the user, as JSON values', async () => {
    const user = newUser();
    await user.upload({ crud: [user.list('list'), user.todo('a')] });
    const snapshot = await backend.snapshot(user.id);
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
  });

  test('fetch answers without the network', async () => {
    const response = await backend.fetch(new Request('http://anywhere/'));
    expect(await response.json()).toEqual({ message: 'backend' });
  });

  test('a port in use is an error', async () => {
    await expect(startBackend({ database, port: backend.port })).rejects.toThrow('EADDRINUSE');
  });

  test('close ends it, and can be called again', async () => {
    const another = await startBackend({ log: quiet });
    expect((await fetch(another.url)).status).toBe(200);
    await Promise.all([another.close(), another.close()]);
    await expect(fetch(another.url)).rejects.toThrow('fetch failed');
    await expect(another.query('select 1')).rejects.toThrow('closed');
  });
});
