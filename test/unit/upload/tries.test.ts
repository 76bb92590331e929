import { describe, expect, it } from 'vitest';
import { both, countTry, isSpent } from '../../../src/upload/tries.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const budget = { attempts: 3, minMs: 60_000 };
const START = 1_000_000_000;

/** Counts tries at these times after the start, and tells after which of them the budget is spent. */
async function spentAfter(
  times: readonly number[],
  allowed = budget,
  key = 'key',
  database = new FakeQueue(),
) {
  const spent: boolean[] = [];
  for (const time of times) {
    const now = START + time;
    spent.push(isSpent(await countTry(database, key, now), allowed, now));
  }
  return spent;
}

describe('a budget', () => {
  it.each<[string, number[], boolean[]]>([
    ['is spent once tries and time are used up together', [0, 30_000, 60_000], [false, false, true]],
    [
      'is not spent by tries alone: an outage of a minute sees many',
      [0, 1, 2, 3, 4, 5],
      [false, false, false, false, false, false],
    ],
    ['is not spent by time alone: the app may have been closed', [0, 10 ** 9], [false, false]],
    [
      'is spent with the try that reaches both',
      [0, 1, 2, 3, 59_999, 60_000],
      [false, false, false, false, false, true],
    ],
    ['stays spent', [0, 30_000, 60_000, 60_001], [false, false, true, true]],
  ])('%s', async (_, times, expected) => {
    expect(await spentAfter(times)).toEqual(expected);
  });

  it('of one try is spent at once', async () => {
    expect(await spentAfter([0], { attempts: 1, minMs: 0 })).toEqual([true]);
  });

  it('of two is spent when both are', () => {
    expect(both({ attempts: 6, minMs: 1 }, { attempts: 5, minMs: 2 })).toEqual({ attempts: 6, minMs: 2 });
    expect(both({ attempts: 5, minMs: 2 }, { attempts: 6, minMs: 1 })).toEqual({ attempts: 6, minMs: 2 });
  });
});

describe('countTry', () => {
  it('tells how often the transaction was refused, and since when', async () => {
    const database = new FakeQueue();
    expect(await countTry(database, 'key', START)).toEqual({ key: 'key', count: 1, since: START });
    expect(await countTry(database, 'key', START + 5)).toEqual({ key: 'key', count: 2, since: START });
  });

  it('goes on counting after a restart', async () => {
    const database = new FakeQueue();
    await spentAfter([0], budget, 'key', database);
    await spentAfter([1], budget, 'key', database.reopened());
    expect(await spentAfter([60_000], budget, 'key', database.reopened())).toEqual([true]);
  });

  it('counts anew for another transaction at the head of the queue', async () => {
    const database = new FakeQueue();
    await spentAfter([0, 30_000, 60_000], budget, 'one', database);
    expect(await spentAfter([60_000], budget, 'other', database)).toEqual([false]);
    expect(await countTry(database, 'one', START)).toMatchObject({ count: 1 });
  });

  it('counts time from the earlier moment when the clock was set back meanwhile, and is not spent early by it', async () => {
    const back = -(10 ** 9);
    expect(await spentAfter([0, back, back + 59_999, back + 60_000])).toEqual([false, false, false, true]);
  });

  it('keeps one row, however many transactions were refused', async () => {
    const database = new FakeQueue();
    for (let i = 0; i < 20; i++) await countTry(database, `key ${i}`, START);
    expect(await database.getAll('SELECT name FROM connector_state')).toHaveLength(1);
  });
});
