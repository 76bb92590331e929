import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CrudEntryLike } from '../../../src/database/database.ts';
import { withinBounds } from '../../../src/transport/batching.ts';
import { anEntry } from '../../support/fake-queue.ts';

/** Queued transactions with so many entries each. */
const queued = (...lengths: number[]): CrudEntryLike[][] =>
  lengths.map((length) => Array.from({ length }, () => anEntry()));
const ones = (count: number) => queued(...Array.from({ length: count }, () => 1));

describe('withinBounds()', () => {
  it('takes 50 transactions by default, which is what the reference write API takes', () => {
    expect(withinBounds()(ones(49))).toBe(49);
    expect(withinBounds()(ones(50))).toBe(50);
    expect(withinBounds()(ones(51))).toBe(50);
  });

  it('takes 20 entries for each transaction by default', () => {
    expect(withinBounds()(queued(400, 400, 200, 1))).toBe(3);
    expect(withinBounds({ maxTransactions: 2 })(queued(20, 20))).toBe(2);
    expect(withinBounds({ maxTransactions: 2 })(queued(20, 21))).toBe(1);
  });

  it.each<[string, { maxTransactions?: number; maxEntries?: number }, number[], number]>([
    ['counts transactions', { maxTransactions: 2 }, [1, 1, 1], 2],
    ['counts entries', { maxEntries: 5 }, [2, 2, 1, 1], 3],
    ['stops before the transaction that would go beyond the bound', { maxEntries: 5 }, [2, 4, 1], 1],
    ['sends a transaction that is longer than the bound alone', { maxEntries: 5 }, [9, 1], 1],
    ['never skips a long one to reach those behind it', { maxEntries: 5 }, [1, 9, 1], 1],
    ['takes 1 of maxTransactions: 1', { maxTransactions: 1 }, [1, 1], 1],
    [
      'reads undefined as not given',
      { maxTransactions: undefined, maxEntries: undefined } as never,
      [1, 1],
      2,
    ],
  ])('%s', (_, bounds, lengths, expected) => {
    expect(withinBounds(bounds)(queued(...lengths))).toBe(expected);
  });

  it('takes as many as the bounds allow, at least one and never more than there are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 100 }),
        (lengths, maxTransactions, maxEntries) => {
          const count = withinBounds({ maxTransactions, maxEntries })(queued(...lengths));
          const sum = (n: number) => lengths.slice(0, n).reduce((total, length) => total + length, 0);
          expect(count).toBeGreaterThanOrEqual(1);
          expect(count).toBeLessThanOrEqual(lengths.length);
          if (count > 1) {
            expect(count).toBeLessThanOrEqual(maxTransactions);
            expect(sum(count)).toBeLessThanOrEqual(maxEntries);
          }
          if (count < lengths.length)
            expect(count >= maxTransactions || sum(count + 1) > maxEntries).toBe(true);
        },
      ),
    );
  });
});
