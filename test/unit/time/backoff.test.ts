import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../../src/time/backoff.ts';

const curve = { baseMs: 5000, maxMs: 300_000, jitter: 0.3 };

describe('backoffMs', () => {
  it('doubles with each failure in a row, up to the longest wait', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((failures) => backoffMs(failures, curve, 0));
    expect(waits).toEqual([5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000, 300_000]);
  });

  it('ends its first wait before the retry of the SDK (5 s, give or take a tenth) from the middle of the jitter on', () => {
    expect(backoffMs(1, curve, 0.999)).toBeLessThan(4500);
    expect(backoffMs(1, curve, 0.5)).toBeLessThan(4500);
  });

  it('shortens by the given share of the wait, and not at all without jitter', () => {
    expect(backoffMs(1, curve, 1)).toBeCloseTo(3500);
    expect(backoffMs(1, { ...curve, jitter: 0 }, 0.9)).toBe(5000);
    expect(backoffMs(1, { ...curve, jitter: 1 }, 0.5)).toBe(2500);
  });

  it('stays within its bounds after any number of failures', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.integer({ min: 1, max: 60_000 }),
        fc.integer({ min: 0, max: 600_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
        (failures, baseMs, more, jitter, random) => {
          const backoff = { baseMs, maxMs: baseMs + more, jitter };
          const wait = backoffMs(failures, backoff, random);
          const longest = backoffMs(failures, backoff, 0);
          expect(longest).toBeGreaterThanOrEqual(baseMs);
          expect(longest).toBeLessThanOrEqual(backoff.maxMs);
          expect(wait).toBeLessThanOrEqual(longest);
          expect(wait).toBeGreaterThanOrEqual(longest * (1 - jitter) - 1e-6);
          expect(backoffMs(failures + 1, backoff, 0)).toBeGreaterThanOrEqual(longest);
        },
      ),
    );
  });
});
