import { describe, expect, it } from 'vitest';
import { budgetIsSpent } from '../../../src/settle/ambiguity.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const budget = { tries: 3, forMs: 60_000 };
const START = 1_000_000_000;

describe('budgetIsSpent', () => {
  it('never without a budget, and writes nothing then', async () => {
    const database = new FakeQueue();
    for (let i = 0; i < 50; i++) {
      expect(await budgetIsSpent(database, 'key', undefined, START + i * 10 ** 9)).toBe(false);
    }
    expect(database.statements).toEqual([]);
  });

  it.each<[string, number[], boolean[]]>([
    ['tries and time are used up together', [0, 30_000, 60_000], [false, false, true]],
    [
      'not by tries alone: an outage of a minute sees many',
      [0, 1, 2, 3, 4, 5],
      [false, false, false, false, false, false],
    ],
    ['not by time alone: the app may have been closed', [0, 10 ** 9], [false, false]],
    [
      'with the try that reaches both',
      [0, 1, 2, 3, 59_999, 60_000],
      [false, false, false, false, false, true],
    ],
    ['and from then on', [0, 30_000, 60_000, 60_001], [false, false, true, true]],
  ])('%s', async (_, times, expected) => {
    const database = new FakeQueue();
    const spent: boolean[] = [];
    for (const time of times) spent.push(await budgetIsSpent(database, 'key', budget, START + time));
    expect(spent).toEqual(expected);
  });

  it('is spent at once by a budget of one try', async () => {
    expect(await budgetIsSpent(new FakeQueue(), 'key', { tries: 1, forMs: 0 }, START)).toBe(true);
  });

  it('goes on counting after a restart', async () => {
    const database = new FakeQueue();
    await budgetIsSpent(database, 'key', budget, START);
    await budgetIsSpent(database.reopened(), 'key', budget, START + 1);
    expect(await budgetIsSpent(database.reopened(), 'key', budget, START + 60_000)).toBe(true);
  });

  it('counts anew for another transaction at the head of the queue', async () => {
    const database = new FakeQueue();
    for (const time of [0, 30_000, 60_000]) await budgetIsSpent(database, 'one', budget, START + time);
    expect(await budgetIsSpent(database, 'other', budget, START + 60_000)).toBe(false);
  });

  it('counts time from the earlier moment when the clock was set back meanwhile, and is not spent early by it', async () => {
    const database = new FakeQueue();
    await budgetIsSpent(database, 'key', budget, START);
    expect(await budgetIsSpent(database, 'key', budget, START - 10 ** 9)).toBe(false);
    expect(await budgetIsSpent(database, 'key', budget, START - 10 ** 9 + 59_999)).toBe(false);
    expect(await budgetIsSpent(database, 'key', budget, START - 10 ** 9 + 60_000)).toBe(true);
  });

  it('keeps one row, however many transactions were ambiguous', async () => {
    const database = new FakeQueue();
    for (let i = 0; i < 20; i++) await budgetIsSpent(database, `key ${i}`, budget, START);
    expect(await database.getAll('SELECT name FROM connector_state')).toHaveLength(1);
  });
});
