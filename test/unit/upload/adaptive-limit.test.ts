import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdaptiveLimit } from '../../../src/upload/adaptive-limit.ts';

describe('the adaptive limit', () => {
  it('is none until the backend fails on a batch', () => {
    const limit = createAdaptiveLimit();
    limit.succeeded(50);
    expect(limit.current).toBe(Number.POSITIVE_INFINITY);
  });

  it('becomes half of the batch that was too much, rounded down', () => {
    const limit = createAdaptiveLimit();
    limit.failed(50);
    expect(limit.current).toBe(25);
    limit.failed(25);
    expect(limit.current).toBe(12);
  });

  it('is halved, not raised, by the failure of a batch that was larger than the limit already is', () => {
    const limit = createAdaptiveLimit();
    limit.failed(8);
    limit.failed(50);
    expect(limit.current).toBe(2);
  });

  it('never falls below one transaction', () => {
    const limit = createAdaptiveLimit();
    for (let i = 0; i < 5; i++) limit.failed(1);
    expect(limit.current).toBe(1);
  });

  it('grows by one with each full batch that went through', () => {
    const limit = createAdaptiveLimit();
    limit.failed(8);
    limit.succeeded(4);
    limit.succeeded(5);
    expect(limit.current).toBe(6);
  });

  it('is approached gently for as long as the size that failed did not go through', () => {
    const limit = createAdaptiveLimit();
    limit.failed(8);
    const seen = [4, 5, 6, 7].map((size) => {
      limit.succeeded(size);
      return limit.current;
    });
    expect(seen).toEqual([5, 6, 7, 8]);
  });

  it('is doubled with each full batch once a size that had failed went through: it was an outage', () => {
    const limit = createAdaptiveLimit();
    for (const size of [50, 25, 12, 6, 3, 1]) limit.failed(size);
    const seen = [1, 2, 4, 8, 16, 32].map((size) => {
      limit.succeeded(size);
      return limit.current;
    });
    expect(seen).toEqual([2, 4, 8, 16, 32, 64]);
  });

  it('is approached gently again after the next failure', () => {
    const limit = createAdaptiveLimit();
    limit.failed(2);
    limit.succeeded(1);
    limit.succeeded(2);
    expect(limit.current).toBe(4);
    limit.failed(4);
    limit.succeeded(2);
    expect(limit.current).toBe(3);
  });

  it('learns nothing from a batch smaller than the limit', () => {
    const limit = createAdaptiveLimit();
    limit.failed(50);
    limit.succeeded(24);
    expect(limit.current).toBe(25);
  });

  it('is a whole number of at least 1 after anything', () => {
    const step = fc.record({ ok: fc.boolean(), size: fc.integer({ min: 1, max: 500 }) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const limit = createAdaptiveLimit();
        limit.failed(100);
        let smallestFailed = 100;
        for (const { ok, size } of steps) {
          const before = limit.current;
          if (ok) limit.succeeded(size);
          else limit.failed(size);
          expect(Number.isInteger(limit.current)).toBe(true);
          expect(limit.current).toBeGreaterThanOrEqual(1);
          if (ok && size >= smallestFailed) smallestFailed = Number.POSITIVE_INFINITY;
          if (!ok) smallestFailed = Math.min(smallestFailed, size);
          const isKnown = smallestFailed < Number.POSITIVE_INFINITY;
          if (ok) expect(limit.current).toBeLessThanOrEqual(isKnown ? before + 1 : 2 * before);
          else expect(limit.current).toBeLessThanOrEqual(Math.max(1, size / 2));
        }
      }),
    );
  });
});
