import {
  createWriteHandler,
  type TransactionResult,
  type WriteHandlerOptions,
  WriteRefused,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabase } from './support/databases.ts';
import { uuid } from './support/schema.ts';

const ANN = { id: 'ann' };
const BOB = { id: 'bob' };

const TABLES: WriteHandlerOptions['tables'] = {
  lists: { columns: ['name'], owner: 'owner_id' },
  todos: {
    columns: [
      ...['list_id', 'description', 'completed', 'count', 'version', 'tags', 'meta', 'price', 'ratio'],
      ...['due_on', 'due_at', 'noted_at', 'code'],
    ],
    owner: 'owner_id',
    references: { list_id: 'lists' },
  },
  counters: { columns: ['value'], owner: 'owner_id' },
};

type Entry = {
  op: 'PUT' | 'PATCH' | 'DELETE';
  table: string;
  id: string;
  op_data?: object;
  previous_values?: object;
};

const put = (table: string, id: string, op_data: object = {}): Entry => ({ op: 'PUT', table, id, op_data });
const patch = (table: string, id: string, op_data: object = {}): Entry => ({
  op: 'PATCH',
  table,
  id,
  op_data,
});
const remove = (table: string, id: string): Entry => ({ op: 'DELETE', table, id });

let keys = 0;
const transaction = (...crud: Entry[]) => ({ idempotency_key: `key:${++keys}`, crud });

/** What is stored in a todo, as text where drivers differ. */
const STORED_VALUES = {
  postgres: `
    select completed, count::text, replace(to_json(tags)::text, ', ', ',') as tags, meta->>'n' as n,
           jsonb_typeof(meta) as json, price::text, ratio, due_on::text,
           (due_at at time zone 'UTC')::text as due_at, noted_at::text, code from todos`,
  mysql: `
    select completed, cast(count as char) as count, replace(cast(tags as char), ', ', ',') as tags,
           cast(json_extract(meta, '$.n') as char) as n, lower(json_type(meta)) as json, cast(price as char) as price,
           ratio, cast(due_on as char) as due_on, cast(due_at as char) as due_at, cast(noted_at as char) as noted_at,
           code from todos`,
} as const;

describe.each(Object.entries(DATABASES))('%s', (_, open) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());
  beforeEach(async () => {
    for (const table of [
      'todos',
      'lists',
      'counters',
      'powersync_write_results',
      'powersync_write_refusals',
    ]) {
      await db.sql(`delete from ${table}`);
    }
  });

  const errors: unknown[] = [];
  const handler = (more: Partial<WriteHandlerOptions> = {}) =>
    createWriteHandler({
      database: db.database,
      authenticate: () => ANN,
      tables: TABLES,
      onError: (error) => errors.push(error),
      ...more,
    });
  const apply = async (user: { id: string }, ...transactions: object[]): Promise<TransactionResult[]> =>
    (await handler().apply(user, { transactions })).results;
  const codes = (results: TransactionResult[]) =>
    results.map((result) =>
      result.status === 'fatal_error' ? result.failed_operation.error_code : result.status,
    );

  it('inserts, changes and deletes rows of the user', async () => {
    const results = await apply(
      ANN,
      transaction(
        put('lists', 'l1', { name: 'Food' }),
        put('todos', uuid(1), { list_id: 'l1', description: 'Milk' }),
      ),
      transaction(patch('todos', uuid(1), { completed: 1 })),
      transaction(put('lists', 'l2', { name: 'Gone' })),
      transaction(remove('lists', 'l2')),
    );
    expect(results).toEqual(Array(4).fill({ status: 'success' }));
    expect(await db.sql('select id, name, owner_id from lists')).toEqual([
      { id: 'l1', name: 'Food', owner_id: 'ann' },
    ]);
    expect(await db.sql('select description, completed, owner_id from todos')).toEqual([
      { description: 'Milk', completed: true, owner_id: 'ann' },
    ]);
  });

  it('applies a transaction once, and answers a repeat as before', async () => {
    const first = transaction(put('lists', 'l1', { name: 'old' }));
    await apply(ANN, first);
    await apply(ANN, transaction(patch('lists', 'l1', { name: 'new' })));
    expect(await apply(ANN, first)).toEqual([{ status: 'success' }]);
    expect(await db.sql('select name from lists')).toEqual([{ name: 'new' }]);
  });

  it('answers a repeat of a refused transaction with the refusal, though it would be right now', async () => {
    const early = transaction(put('todos', uuid(1), { list_id: 'later' }));
    const [refused] = await apply(ANN, early);
    expect(codes([refused as TransactionResult])).toEqual(['FOREIGN_KEY_VIOLATION']);
    await apply(ANN, transaction(put('lists', 'later', { name: 'x' })));
    expect(await apply(ANN, early)).toEqual([refused]);
    expect(await db.sql('select * from todos')).toEqual([]);
    expect(await apply(ANN, { ...early, judge_again: true })).toEqual([{ status: 'success' }]);
    expect(await apply(ANN, { ...early, judge_again: true })).toEqual([{ status: 'success' }]);
  });

  it('several requests that ask to judge a refusal again, at once: the write is applied once', async () => {
    const early = transaction(put('todos', uuid(1), { list_id: 'later' }));
    await apply(ANN, early);
    await apply(ANN, transaction(put('lists', 'later', { name: 'x' })));
    let applied = 0;
    const writes = handler({ onApplied: () => applied++ });
    const again = { transactions: [{ ...early, judge_again: true }] };
    const answers = await Promise.all(Array.from({ length: 6 }, () => writes.apply(ANN, again)));
    for (const { results } of answers) expect(results).toEqual([{ status: 'success' }]);
    expect(applied).toBe(1);
  });

  it('refuses a key that was used for other content', async () => {
    const first = transaction(put('lists', 'l1', { name: 'a' }));
    await apply(ANN, first);
    expect(codes(await apply(ANN, { ...first, crud: [put('lists', 'l1', { name: 'b' })] }))).toEqual([
      'KEY_REUSED',
    ]);
    expect(codes(await apply(BOB, { ...first, crud: [put('lists', 'l9', { name: 'b' })] }))).toEqual([
      'success',
    ]);
    expect(await db.sql(`select name from lists where id = 'l1'`)).toEqual([{ name: 'a' }]);
  });

  it('refuses what belongs to somebody else, and applies nothing of the transaction', async () => {
    await apply(ANN, transaction(put('lists', 'l1', { name: 'Ann' })));
    const attempts = [
      [patch('lists', 'l1', { name: 'Bob' })],
      [put('lists', 'l1', { name: 'Bob' })],
      [remove('lists', 'l1')],
      [put('lists', 'l2', { name: 'x', owner_id: 'ann' })],
      [put('lists', 'l3', { name: 'Bob' }), put('todos', uuid(3), { list_id: 'l1' })],
    ];
    for (const entries of attempts)
      expect(codes(await apply(BOB, transaction(...entries)))).toEqual(['UNAUTHORIZED']);
    expect(await db.sql('select id, name from lists')).toEqual([{ id: 'l1', name: 'Ann' }]);
  });

  it('takes the columns that the server sets if the client wrote the same', async () => {
    const results = await apply(
      ANN,
      transaction(put('lists', 'l1', { id: 'l1', name: 'x', owner_id: 'ann' })),
      transaction(patch('lists', 'l1', { owner_id: 'ann', name: 'y' })),
      transaction(patch('lists', 'l1', { owner_id: 'bob' })),
    );
    expect(codes(results)).toEqual(['success', 'success', 'UNAUTHORIZED']);
  });

  it('refuses tables and columns that are not open, but does not store that', async () => {
    const attempts: Entry[] = [
      put('users', 'u1', {}),
      put('powersync_write_results', 'u1', {}),
      put('__proto__', 'u1', {}),
      put('lists', 'l1', { secret: 1 }),
      put('lists', 'l1', JSON.parse('{"__proto__": 1}')),
      put('lists', 'l1', { 'name" = null --': 'x' }),
    ];
    for (const entry of attempts)
      expect(codes(await apply(ANN, transaction(entry)))).toEqual(['SCHEMA_MISMATCH']);
    expect(await db.sql('select * from powersync_write_results')).toEqual([]);
  });

  it('stops behind a transaction that was not applied', async () => {
    const three = [
      transaction(put('lists', 'l1', { name: 'x' })),
      transaction(put('lists', 'l2', { name: null })),
      transaction(put('lists', 'l3', { name: 'x' })),
    ];
    expect(codes(await apply(ANN, ...three))).toEqual(['success', 'NOT_NULL_VIOLATION', 'not_attempted']);
    const { results } = await handler({ onFatalError: 'skip' }).apply(ANN, { transactions: three });
    expect(codes(results)).toEqual(['success', 'NOT_NULL_VIOLATION', 'success']);
  });

  it('stores each value as the type of its column, or refuses it', async () => {
    const exact = {
      completed: 1,
      count: '9007199254740993',
      tags: '["a", "b\\"c", "{x}", null]',
      meta: '{"n": 9007199254740993, "t": "x"}',
      price: '12.30',
      ratio: 1.5,
      due_on: '2026-01-31',
      due_at: '2026-01-31T12:00:00.123Z',
      noted_at: '2026-01-31T12:00:00+02:00',
      code: 'abcde',
    };
    expect(codes(await apply(ANN, transaction(put('todos', uuid(1), exact))))).toEqual(['success']);
    expect(await db.sql(STORED_VALUES[db.dialect])).toEqual([
      {
        completed: true,
        count: '9007199254740993',
        tags: '["a","b\\"c","{x}",null]',
        n: '9007199254740993',
        json: 'object',
        price: '12.30',
        ratio: 1.5,
        due_on: '2026-01-31',
        due_at: '2026-01-31 12:00:00.123',
        noted_at: '2026-01-31 10:00:00',
        code: 'abcde',
      },
    ]);

    const unfit: object[] = [
      { completed: 2 },
      { completed: 'yes' },
      { count: 1.5 },
      { count: '99999999999999999999' },
      { meta: '{' },
      { price: 'NaN' },
      { ratio: '1e400' },
      { due_on: 'today' },
      { due_on: '03/04/2026' },
      { due_on: '2026-02-30' },
      { due_at: 'now' },
      { due_at: 'infinity' },
      { noted_at: 'epoch' },
      { code: 'abcdef' },
      { description: { a: 1 } },
      { description: 'a\0b' },
      { description: '\ud800' },
      // MySQL has no arrays, and stores this JSON as it is.
      ...(db.dialect === 'postgres' ? [{ tags: '{"a": 1}' }, { meta: '"\\u0000"' }] : []),
    ];
    for (const columns of unfit) {
      expect([columns, ...codes(await apply(ANN, transaction(patch('todos', uuid(1), columns))))]).toEqual([
        columns,
        'INVALID_DATA',
      ]);
    }
  });

  it('refuses ids that the database would store as another one', async () => {
    for (const id of ['007', ' 7 ', '+7', '7.0', 'x', '']) {
      expect(codes(await apply(ANN, transaction(put('counters', id, { value: 1 }))))).toEqual([
        'INVALID_DATA',
      ]);
    }
    expect(codes(await apply(ANN, transaction(put('todos', uuid(1).replace('8000', 'ABCD'), {}))))).toEqual([
      db.dialect === 'postgres' ? 'INVALID_DATA' : 'success', // char(36) keeps it
    ]);
    expect(codes(await apply(ANN, transaction(put('counters', '7', { value: 1 }))))).toEqual(['success']);
  });

  it('takes a PATCH or DELETE of a row that is gone for done, or refuses it like one of somebody else', async () => {
    const gone = [transaction(patch('lists', 'gone', { name: 'x' })), transaction(remove('lists', 'gone'))];
    expect(codes(await apply(ANN, ...gone))).toEqual(['success', 'success']);
    await apply(BOB, transaction(put('lists', 'bobs', { name: 'x' })));
    const strict = handler({ onMissingRow: 'refuse' });
    const [absent] = (
      await strict.apply(ANN, { transactions: [transaction(patch('lists', 'gone', { name: 'x' }))] })
    ).results;
    const [foreign] = (
      await strict.apply(ANN, { transactions: [transaction(patch('lists', 'bobs', { name: 'x' }))] })
    ).results;
    expect(absent).toEqual(foreign);
    expect(codes([absent as TransactionResult])).toEqual(['UNAUTHORIZED']);
  });

  it('works on a row more than once in a transaction', async () => {
    const entries = [
      put('lists', 'l1', { name: 'a' }),
      patch('lists', 'l1', { name: 'b' }),
      remove('lists', 'l1'),
      put('lists', 'l1', { name: 'c' }),
      patch('lists', 'l1', {}),
    ];
    expect(codes(await apply(ANN, transaction(...entries)))).toEqual(['success']);
    expect(await db.sql('select name from lists')).toEqual([{ name: 'c' }]);
  });

  it('says which entry is refused, in its own words', async () => {
    const [result] = await apply(
      ANN,
      transaction(
        put('lists', 'l1', { name: 'x' }),
        put('lists', 'l2', { name: 'a name that is too long for it' }),
      ),
    );
    expect(result).toEqual({
      status: 'fatal_error',
      requires_client_handling: false,
      message: 'A value is not allowed',
      failed_operation: {
        error_code: 'CHECK_VIOLATION',
        message: 'A value is not allowed',
        details: expect.objectContaining({ constraint: expect.stringContaining('lists') }),
        operation_index: 1,
      },
    });
    expect(await db.sql('select * from lists')).toEqual([]);
  });

  it('shows a rule the stored row and the row as it would be', async () => {
    await apply(ANN, transaction(put('todos', uuid(1), { description: 'old', count: '9007199254740993' })));
    const seen: unknown[] = [];
    const ruled = handler({
      tables: {
        todos: {
          columns: ['description', 'completed'],
          authorize: ({ op, stored, next, user }) => {
            seen.push([op, user.id, stored?.description, stored?.count, next?.description, next?.completed]);
            if (next?.description === 'never') throw new WriteRefused('QUOTA', 'No more', { limit: 3 });
            if (next?.description === 'broken') throw new Error('a bug of the rule');
            return op !== 'DELETE';
          },
        },
      },
    });
    const results: TransactionResult[] = [];
    for (const entry of [
      patch('todos', uuid(1), { description: 'new', completed: 1 }),
      remove('todos', uuid(1)),
      patch('todos', uuid(1), { description: 'never' }),
      patch('todos', uuid(1), { description: 'broken' }),
    ]) {
      results.push(...(await ruled.apply(BOB, { transactions: [transaction(entry)] })).results);
    }
    expect(codes(results)).toEqual(['success', 'UNAUTHORIZED', 'QUOTA', 'retryable_error']);
    expect(results[2]).toMatchObject({ failed_operation: { details: { limit: 3 } } });
    expect(seen.slice(0, 2)).toEqual([
      ['PATCH', 'bob', 'old', '9007199254740993', 'new', true],
      ['DELETE', 'bob', 'new', '9007199254740993', undefined, undefined],
    ]);
    expect(String(errors.at(-1))).toContain('a bug of the rule');
  });

  it('writes each refused transaction down', async () => {
    const strict = handler({ recordRefusals: true });
    const refused = transaction(put('lists', 'l1', {}));
    for (let i = 0; i < 2; i++) await strict.apply(ANN, { transactions: [refused] });
    expect(await db.sql('select user_id, "key", code from powersync_write_refusals')).toEqual([
      { user_id: 'ann', key: refused.idempotency_key, code: 'NOT_NULL_VIOLATION' },
    ]);
  });

  it('is not ready if a column that is open to clients is generated', async () => {
    await db.sql(
      'create table computed (id varchar(36) primary key, a int, b int generated always as (a + 1) stored)',
    );
    const open = (...columns: string[]) =>
      handler({ tables: { computed: { columns, authorize: () => true } } });
    await expect(open('a', 'b').check()).rejects.toThrow(
      `the column "b" is generated, so it can't be written`,
    );
    await open('a').check();
  });

  it('forgets old results', async () => {
    await apply(
      ANN,
      transaction(put('lists', 'l1', { name: 'x' })),
      transaction(put('lists', 'l2', { name: 'x' })),
    );
    await db.sql(`update powersync_write_results set stored_at = '2020-01-01' where "key" = 'key:${keys}'`);
    expect(await handler().prune()).toBe(1);
    expect(await db.sql('select "key" from powersync_write_results')).toEqual([{ key: `key:${keys - 1}` }]);
  });
});
