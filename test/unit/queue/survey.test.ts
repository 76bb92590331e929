import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SURVEY, SURVEY_OF_ENTRIES, surveyQueue } from '../../../src/queue/survey.ts';
import { memoryDatabase } from '../../../src/testing/memory-database.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const survey = (queue: FakeQueue, transactions: number, entries: number) =>
  surveyQueue(queue, { transactions, entries });

/** Three transactions: op ids 1 and 2, 3, 4 to 6. */
const aQueue = () => new FakeQueue().write({}, {}).write({}).write({}, {}, {});

describe('surveyQueue', () => {
  it.each([
    [1, 100, { lastOpId: 2, entries: 2 }],
    [2, 100, { lastOpId: 3, entries: 3 }],
    [3, 100, { lastOpId: 6, entries: 6 }],
    [4, 100, { lastOpId: 6, entries: 6 }],
    [3, 6, { lastOpId: 6, entries: 6 }],
    [3, 5, { lastOpId: 3, entries: 3 }],
    [3, 3, { lastOpId: 3, entries: 3 }],
    [3, 2, { lastOpId: 2, entries: 2 }],
    [3, 1, { lastOpId: 2, entries: 2 }], // one in any case
  ])('finds where %i transactions and %i entries end', async (transactions, entries, found) => {
    expect(await survey(aQueue(), transactions, entries)).toEqual({
      ...found,
      haveMore: found.lastOpId < 6,
      hasOwners: false,
      hasRejected: false,
    });
  });

  it.each([
    [2, { lastOpId: 3, entries: 1, haveMore: true }],
    [3, { lastOpId: 6, entries: 3, haveMore: false }],
    [5, { lastOpId: 6, entries: 1, haveMore: false }],
  ])('begins behind op id %i', async (behind, found) => {
    const bounds = { transactions: 1, entries: 100 };
    expect(await surveyQueue(aQueue(), bounds, behind)).toEqual({
      ...found,
      hasOwners: false,
      hasRejected: false,
    });
    expect(await surveyQueue(aQueue(), bounds, 6)).toBeUndefined();
  });

  it('takes an entry without a transaction id for a transaction of its own', async () => {
    const queue = new FakeQueue().writeAlone().writeAlone().write({}, {}).writeAlone();
    const ends = [];
    for (const most of [1, 2, 3, 4]) ends.push((await survey(queue, most, 100))?.lastOpId);
    expect(ends).toEqual([1, 2, 4, 5]);
  });

  it('counts the entries that are there, where op ids are missing', async () => {
    const queue = aQueue();
    queue.removeOne(5);
    expect(await survey(queue, 3, 100)).toMatchObject({ lastOpId: 6, entries: 5 });
    queue.removeThrough(3);
    expect(await survey(queue, 3, 100)).toMatchObject({ lastOpId: 6, entries: 2 });
  });

  it('sees whether owners were written down', async () => {
    const queue = aQueue();
    await queue.execute('CREATE TABLE connector_owners (from_op_id INTEGER)');
    expect(await survey(queue, 3, 100)).toMatchObject({ hasOwners: true });
  });

  it('sees whether anything was ever rejected', async () => {
    const queue = aQueue();
    await queue.execute('CREATE TABLE connector_rejected_writes (key TEXT)');
    expect(await survey(queue, 3, 100)).toMatchObject({ hasRejected: true, hasOwners: false });
    expect(await survey(queue, 100, 100)).toMatchObject({ hasRejected: true });
  });

  it('is undefined for an empty queue, and where the table can not be read', async () => {
    expect(await survey(new FakeQueue(), 3, 100)).toBeUndefined();
    const queue = aQueue();
    queue.broken = /ps_crud/;
    expect(await survey(queue, 3, 100)).toBeUndefined();
  });

  it.each([
    [[]],
    [[{}]],
    [[{ lastOpId: '3', entries: 3, hasOwners: 0 }]],
    [[{ lastOpId: 3, entries: 3n, hasOwners: 0 }]],
    [[{ lastOpId: 3, entries: 0, hasOwners: 0 }]],
  ])('is undefined for an answer of another form: %o', async (rows) => {
    const getAll = async () => rows as never[];
    expect(await surveyQueue({ getAll } as never, { transactions: 3, entries: 3 })).toBeUndefined();
  });

  it('takes any sign of owners or of rejections for one', async () => {
    const getAll = async () =>
      [{ lastOpId: 3, entries: 3, hasOwners: 'perhaps', hasRejected: undefined }] as never[];
    const found = await surveyQueue({ getAll } as never, { transactions: 3, entries: 3 });
    expect(found).toMatchObject({ hasOwners: true, hasRejected: true });
  });
});

/** Transaction ids in the order of the queue, and op ids that were deleted from it. */
const aTable = fc.record({
  ids: fc.array(fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 3 })), { maxLength: 12 }),
  deleted: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 4 }),
  behind: fc.integer({ min: 0, max: 13 }),
  transactions: fc.integer({ min: 1, max: 8 }),
  entries: fc.integer({ min: 1, max: 14 }),
});

/** What the statement has to find, told in another way: by the last entries of transactions, from left to right. */
function expected(
  all: readonly { id: number; tx: number | null }[],
  behind: number,
  transactions: number,
  entries: number,
) {
  const rows = all.filter(({ id }) => id > behind);
  const ends = rows.flatMap(({ tx }, index) => {
    const next = rows[index + 1];
    return next && tx !== null && tx === next.tx ? [] : [{ index, end: rows[index]?.id }];
  });
  const first = rows[0]?.id ?? 0;
  const fitting = ends
    .slice(0, transactions)
    .filter(({ end = 0 }, count) => count === 0 || end - first + 1 <= entries);
  const last = fitting[fitting.length - 1];
  const count = last ? last.index + 1 : 0;
  return {
    lastOpId: last?.end ?? null,
    entries: count,
    haveMore: Number(count < rows.length),
    hasOwners: 0,
    hasRejected: 0,
  };
}

it('the statements find the same in SQLite and in memoryDatabase(), whatever the queue looks like', async () => {
  await fc.assert(
    fc.asyncProperty(aTable, async ({ ids, deleted, behind, transactions, entries }) => {
      const sqlite = new DatabaseSync(':memory:');
      sqlite.exec('CREATE TABLE ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT, tx_id INTEGER, data TEXT)');
      const memory = memoryDatabase();
      const run = async (sql: string, ...values: (string | number | null)[]) => {
        sqlite.prepare(sql).run(...values);
        await memory.execute(sql, values);
      };
      for (const tx of ids) await run('INSERT INTO ps_crud (tx_id, data) VALUES (?, ?)', tx, '{}');
      for (const id of deleted) await run('DELETE FROM ps_crud WHERE id = ?', id);
      const rows = ids.map((tx, index) => ({ id: index + 1, tx })).filter(({ id }) => !deleted.includes(id));
      const asked = [behind, transactions, entries];
      const wanted = expected(rows, behind, transactions, entries);
      for (const statement of transactions < entries ? [SURVEY] : [SURVEY, SURVEY_OF_ENTRIES]) {
        expect({ ...sqlite.prepare(statement).get(...asked) }).toEqual(wanted);
        expect(await memory.getAll(statement, asked)).toEqual([wanted]);
      }
    }),
    { numRuns: 500 },
  );
});
