import { beforeEach, describe, expect, it } from 'vitest';
import { UUIDS, uploadFunction, worldOfTests } from './support.ts';

// The SQL function that the package ships, called as PostgREST calls it, on real Postgres.

const world = worldOfTests();
const [id = '', other = ''] = UUIDS;

interface Failed {
  code: string;
  message: string;
  hint: string;
}

/** Calls the function as a user; the claims of a JWT, or null for none at all. */
async function call(
  user: string | null,
  key: string | null,
  crud: unknown,
  role = 'authenticated',
): Promise<unknown> {
  return world.current.database.transaction(async (transaction) => {
    await transaction.exec(`set local role ${role}`);
    const claims = user === null ? '' : JSON.stringify({ sub: user });
    await transaction.query("select set_config('request.jwt.claims', $1, true)", [claims]);
    const { rows } = await transaction.query<{ answer: unknown }>(
      'select public.powersync_upload($1, $2::jsonb) as answer',
      [key, JSON.stringify(crud)],
    );
    return rows[0]?.answer;
  });
}

async function failure(...args: Parameters<typeof call>): Promise<Failed> {
  return call(...args).then(
    (answer) => Promise.reject(new Error(`The function answered ${JSON.stringify(answer)}`)),
    (error: Failed) => error,
  );
}

const put = (op_data?: object, table = 'things', row = id) => ({ op: 'PUT', table, id: row, op_data });
const patch = (op_data?: object, table = 'things', row = id) => ({ op: 'PATCH', table, id: row, op_data });
const remove = (table = 'things', row = id) => ({ op: 'DELETE', table, id: row });
const applied = { status: 'applied' };

describe('entries', () => {
  it('PUT inserts, with defaults for what is not sent, and updates only what is sent', async () => {
    await call('ada', 'k1', [put({ amount: 1, done: 1 })]);
    await call('ada', 'k2', [put({ name: 'Milk' })]);
    expect(await world.current.rows('select name, amount, done, doubled from things')).toEqual([
      { name: 'Milk', amount: 1, done: true, doubled: 2 },
    ]);
  });

  it('PUT without columns stores the row, and leaves one that is there as it is', async () => {
    await call('ada', 'k1', [put()]);
    await call('ada', 'k2', [put({ name: 'Milk' }), put({})]);
    expect(await world.current.rows('select id, name from things')).toEqual([{ id, name: 'Milk' }]);
  });

  it('PATCH changes what is sent, and null clears', async () => {
    await call('ada', 'k1', [put({ name: 'Milk', amount: 1, tags: ['a'], meta: { a: 1 } })]);
    await call('ada', 'k2', [patch({ amount: null, tags: null, meta: null }), patch({}), patch()]);
    expect(await world.current.rows('select name, amount, tags, meta from things')).toEqual([
      { name: 'Milk', amount: null, tags: null, meta: null },
    ]);
  });

  it('DELETE removes the row, and one that is gone is no error', async () => {
    await call('ada', 'k1', [put(), put({ name: 'other' }, 'things', other)]);
    expect(await call('ada', 'k2', [remove(), remove()])).toEqual(applied);
    expect(await world.current.rows('select id from things')).toEqual([{ id: other }]);
  });

  it('they are applied in order', async () => {
    await call('ada', 'k1', [put({ amount: 1 }), patch({ amount: 2 }), remove(), put({ amount: 3 })]);
    expect(await world.current.rows('select amount from things')).toEqual([{ amount: 3 }]);
  });

  it('values become those of the columns: uuid, array, JSON, boolean, timestamp', async () => {
    const meta = { deep: [1, { a: null }], 'a "quote"': "it's" };
    await call('ada', 'k1', [
      put({ tags: ['a', 'b,c', null], meta, done: false, seen_at: '2026-01-02T03:04:05Z', serial: 7 }),
    ]);
    expect(await world.current.rows('select tags, meta, done, seen_at, serial from things')).toEqual([
      { tags: ['a', 'b,c', null], meta, done: false, seen_at: new Date('2026-01-02T03:04:05Z'), serial: 7 },
    ]);
  });

  it('JSON that comes as text stays a text, and an array that does is an error: the app has to parse them', async () => {
    await call('ada', 'k1', [put({ meta: '{"a":1}' })]);
    expect(await world.current.rows('select meta from things')).toEqual([{ meta: '{"a":1}' }]);
    expect(await failure('ada', 'k2', [put({ tags: '["a"]' })])).toMatchObject({ code: '22P02' });
  });
});

describe('keys', () => {
  it('a transaction is applied once, however often it comes', async () => {
    await call('ada', 'k1', [put({ amount: 1 })]);
    await world.current.rows('update things set amount = 2');
    expect(await call('ada', 'k1', [put({ amount: 1 })])).toEqual(applied);
    expect(await world.current.rows('select amount from things')).toEqual([{ amount: 2 }]);
  });

  it('one that was refused leaves no key behind, and none of its writes', async () => {
    expect(
      await failure('ada', 'k1', [put({ amount: 1 }), put({ amount: 5000 }, 'things', other)]),
    ).toMatchObject({
      code: '23514',
      hint: 'crud[1]',
    });
    expect(await world.current.rows('select * from things')).toEqual([]);
    expect(await world.current.rows('select * from powersync.applied_transactions')).toEqual([]);
    expect(await call('ada', 'k1', [put({ amount: 1 })])).toEqual(applied);
  });

  it('belong to a user: the same key of another one is another key', async () => {
    await call('ada', 'k1', [put({ amount: 1 })]);
    await call('bob', 'k1', [put({ amount: 2 })]);
    expect(await world.current.rows('select amount from things')).toEqual([{ amount: 2 }]);
  });

  it('can be read, changed and deleted by no user', async () => {
    await call('ada', 'k1', []);
    for (const sql of [
      'select * from powersync.applied_transactions',
      'delete from powersync.applied_transactions',
      `update powersync.applied_transactions set key = 'k2'`,
    ]) {
      const attempt = world.current.database.transaction(async (transaction) => {
        await transaction.exec(`set local role authenticated`);
        return transaction.exec(sql);
      });
      await expect(attempt).rejects.toMatchObject({ code: '42501' });
    }
  });

  it("cannot be stored in somebody else's name", async () => {
    const attempt = world.current.database.transaction(async (transaction) => {
      await transaction.exec(
        `set local role authenticated; set local request.jwt.claims = '{"sub":"mallory"}'`,
      );
      await transaction.exec(
        `insert into powersync.applied_transactions (user_id, key) values ('ada', 'k1')`,
      );
    });
    await expect(attempt).rejects.toMatchObject({ code: '42501' });
  });

  it.each([[''], ['k'.repeat(256)], [null]])('%j is none', async (key) => {
    expect((await failure('ada', key, [put()])).code).toMatch(/^(22023|23514)$/);
  });
});

describe('rights are those of the caller', () => {
  beforeEach(() => call('ada', 'k0', [put({ name: 'of Ada' }, 'lists', 'l1')]));

  it("another user's row is not taken over, whatever owner is sent", async () => {
    for (const columns of [{ name: 'taken' }, { name: 'taken', owner_id: 'ada' }]) {
      expect(await failure('bob', 'k1', [put(columns, 'lists', 'l1')])).toMatchObject({ code: '42501' });
    }
  });

  it("another user's row is not changed: to this one it isn't there", async () => {
    expect(await failure('bob', 'k1', [patch({ name: 'taken' }, 'lists', 'l1')])).toMatchObject({
      code: 'PT409',
      hint: 'crud[0]',
    });
  });

  it("another user's row is not deleted", async () => {
    expect(await call('bob', 'k1', [remove('lists', 'l1')])).toEqual(applied);
    expect(await world.current.rows('select name from lists')).toEqual([{ name: 'of Ada' }]);
  });

  it('a row that a user sees but may not change is forbidden, not gone', async () => {
    await world.current.rows(`insert into notices (id) values ('n1')`);
    expect(await failure('ada', 'k1', [patch({ body: 'x' }, 'notices', 'n1')])).toMatchObject({
      code: '42501',
    });
  });

  it('a table without grants is closed, keys and other schemas included', async () => {
    expect(await failure('ada', 'k1', [put({}, 'secrets', 'x')])).toMatchObject({ code: '42501' });
    for (const table of ['pg_class', 'powersync.applied_transactions', 'pg_catalog.pg_class']) {
      expect(await failure('ada', 'k1', [put({}, table, 'x')])).toMatchObject({ code: '42P01' });
    }
  });

  it('nobody signed in is refused, as a user without a name and as a role without a user', async () => {
    expect(await failure(null, 'k1', [])).toMatchObject({ code: '42501' });
    expect(await failure(null, 'k1', [], 'anon')).toMatchObject({ code: '42501' });
    expect(await failure('ada', 'k1', [], 'anon')).toMatchObject({ code: '42501' });
  });
});

describe('names are never SQL', () => {
  const EVIL = [
    'things; drop table things; --',
    'things"; drop table things; --',
    "things'); drop table things; --",
    '%s',
    '%1$s',
    '$1',
    'id) values ($1); drop table things; --',
    '',
    'Things',
    'public.things',
  ];

  it.each(EVIL)('table %j', async (table) => {
    expect((await failure('ada', 'k1', [put({ name: 'x' }, table)])).code).toMatch(/^(42P01|42601|42602)$/);
    expect((await failure('ada', 'k1', [patch({ name: 'x' }, table)])).code).toMatch(/^(42P01|42601|42602)$/);
    expect((await failure('ada', 'k1', [remove(table)])).code).toMatch(/^(42P01|42601|42602)$/);
    expect(await world.current.rows('select * from things')).toEqual([]);
  });

  it.each(EVIL)('column %j', async (column) => {
    await call('ada', 'k0', [put()]);
    expect((await failure('ada', 'k1', [put({ [column]: 'x' })])).code).toMatch(/^(42703|42601)$/);
    expect((await failure('ada', 'k1', [patch({ [column]: 'x' })])).code).toMatch(/^(42703|42601)$/);
    expect(await world.current.rows('select name from things')).toEqual([{ name: 'unnamed' }]);
  });

  it('odd ones that exist are found', async () => {
    const column = 'odd "column, (x)';
    await call('ada', 'k1', [
      put({ [column]: 'a' }, 'odd "name', 'x'),
      patch({ [column]: 'b' }, 'odd "name', 'x'),
    ]);
    expect(await world.current.rows('select * from "odd ""name"')).toEqual([{ id: 'x', [column]: 'b' }]);
  });

  it('an id is only ever a value', async () => {
    await call('ada', 'k1', [put({ name: 'stays' }, 'lists', 'l1')]);
    await call('ada', 'k2', [remove('lists', `' or true --`), remove('lists', '%')]);
    expect(await world.current.rows('select id from lists')).toEqual([{ id: 'l1' }]);
  });
});

describe('what is refused says why', () => {
  it.each<[string, unknown[], string, string]>([
    ['an unknown column', [put({ nothing: 1 })], '42703', 'crud[0]'],
    ['a generated column', [put(), put({ doubled: 1 })], '428C9', 'crud[1]'],
    [
      'an id where the server counts',
      [put({}, 'numbered', '7')],
      '428C9',
      'crud[0]: Use OVERRIDING SYSTEM VALUE to override.',
    ],
    ['an id of another type', [put({}, 'things', 'no uuid')], '22P02', 'crud[0]'],
    ['a row that is gone', [patch({ name: 'x' })], 'PT409', 'crud[0]'],
    ['an error with a hint of its own', [put({ body: 'P0001' }, 'faults', 'x')], 'P0001', 'crud[0]: a hint'],
    ['a row that a trigger swallows', [put({ body: 'swallowed' }, 'faults', 'x')], 'PT409', 'crud[0]'],
    ['an operation nobody knows', [{ op: 'MERGE', table: 'things', id }], '22023', 'crud[0]'],
    ['no operation', [{ table: 'things', id }], '22023', 'crud[0]'],
    ['no table', [{ op: 'PUT', id }], '22023', 'crud[0]'],
    ['a table that is no text', [{ op: 'PUT', table: 5, id }], '22023', 'crud[0]'],
    ['no id', [{ op: 'DELETE', table: 'things' }], '22023', 'crud[0]'],
    [
      'columns that are no object',
      [{ op: 'PUT', table: 'things', id, op_data: ['name'] }],
      '22023',
      'crud[0]',
    ],
    ['an entry that is no object', [put(), 5], '22023', 'crud[1]'],
    ['an entry that is null', [null], '22023', 'crud[0]'],
  ])('%s', async (_, crud, code, hint) => {
    expect(await failure('ada', 'k1', crud)).toMatchObject({ code, hint });
  });

  it.each([[{}], ['text'], [null]])('entries that are %j', async (crud) => {
    expect(await failure('ada', 'k1', crud)).toMatchObject({ code: '22023' });
  });
});

it('the file may be run again, and keeps the keys', async () => {
  await call('ada', 'k1', [put({ amount: 1 })]);
  await world.current.database.exec(await uploadFunction());
  await call('ada', 'k1', [put({ amount: 2 })]);
  expect(await world.current.rows('select amount from things')).toEqual([{ amount: 1 }]);
});
