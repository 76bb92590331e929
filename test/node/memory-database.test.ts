import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryDatabase } from '../../src/testing/index.ts';
import { closeClient, openClient, type TestClient, testSchema } from '../support/client.ts';
import { addAlone, type QueueDatabase, queueCases, wholeQueue } from '../support/queue-suite.ts';

describe('memoryDatabase()', () => {
  it.each(queueCases)('$name', ({ run }) => run(memoryDatabase({ schema: testSchema })));
});

describe('SDK 2.x', () => {
  let client: TestClient;
  beforeAll(async () => {
    client = await openClient();
  });
  beforeEach(() => client.db.disconnectAndClear());
  afterAll(() => closeClient(client));

  it.each(queueCases)('$name', ({ run }) => run(client.db as unknown as QueueDatabase));
});

/** One step in the life of a queue, on any database. */
type Step = (db: QueueDatabase) => Promise<unknown>;

const id = fc.constantFrom('a', 'b', 'c', null, 7);
const value = fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.constant(null), fc.boolean());
const table = fc.constantFrom('lists', 'todos');

/** A statement on a row, which may be refused. */
const sql: fc.Arbitrary<[string, unknown[]]> = fc.oneof(
  fc
    .tuple(fc.constantFrom('INSERT', 'INSERT OR REPLACE', 'INSERT OR IGNORE'), id, value, value)
    .map(
      ([insert, ...values]) =>
        [`${insert} INTO lists (id, name, owner_id) VALUES (?, ?, ?)`, values] as [string, unknown[]],
    ),
  fc
    .tuple(id, value, value)
    .map(
      ([...values]) =>
        ['INSERT INTO todos (id, description, _metadata) VALUES (?, ?, ?)', values] as [string, unknown[]],
    ),
  fc
    .tuple(value, id)
    .map(([...values]) => ['UPDATE lists SET name = ? WHERE id = ?', values] as [string, unknown[]]),
  fc
    .tuple(value)
    .map(([...values]) => ['UPDATE todos SET completed = 1, description = ?', values] as [string, unknown[]]),
  fc
    .tuple(id, id, value)
    .map((values) => ['INSERT INTO lists (id, name) VALUES (?, 1), (?, ?)', values] as [string, unknown[]]),
  fc
    .tuple(table, id)
    .map(([from, each]) => [`DELETE FROM ${from} WHERE id = ?`, [each]] as [string, unknown[]]),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: sql.map(
      ([text, values]): Step =>
        (db) =>
          db.execute(text, values),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.array(sql, { maxLength: 4 }), fc.boolean()).map(
      ([statements, fails]): Step =>
        (db) =>
          db.writeTransaction(async (tx) => {
            for (const [text, values] of statements) await tx.execute(text, values).catch(() => {});
            if (fails) throw new Error('taken back');
          }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant<Step>((db) => addAlone(db, 'alone')),
  },
  {
    weight: 3,
    arbitrary: fc.integer({ min: 1, max: 5 }).map(
      (limit): Step =>
        async (db) => {
          const handle = await db.getCrudBatch(limit);
          await handle?.complete();
          return handle?.crud.map(({ clientId }) => clientId);
        },
    ),
  },
  {
    weight: 1,
    arbitrary: sql.map(
      ([text, values]): Step =>
        async (db) => {
          const handle = await db.getNextCrudTransaction();
          await db.execute(text, values).catch(() => {});
          await handle?.complete();
          await handle?.complete();
          return handle?.crud.length;
        },
    ),
  },
  { weight: 1, arbitrary: fc.constant<Step>((db) => db.disconnectAndClear()) },
);

it('has the same queue and rows as the SDK after each step, whatever the steps are', async () => {
  const client = await openClient();
  const real = client.db as unknown as QueueDatabase;
  const memory = memoryDatabase({ schema: testSchema });
  const stateOf = async (db: QueueDatabase) => ({
    queue: await wholeQueue(db),
    lists: await db.getAll('SELECT * FROM lists ORDER BY id'),
    todos: await db.getAll('SELECT * FROM todos ORDER BY id'),
    next: (await db.getNextCrudTransaction())?.crud.length,
  });
  const resultOf = (step: Promise<unknown>) =>
    step.then(
      (result) => (Array.isArray(result) ? result : 'done'),
      () => 'refused',
    );
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        for (const each of steps) {
          const [expected, found] = await Promise.all([real, memory].map((db) => resultOf(each(db))));
          expect(found).toEqual(expected);
        }
        expect(await stateOf(memory)).toEqual(await stateOf(real));
      }),
      { numRuns: 150 },
    );
  } finally {
    await closeClient(client);
  }
});
