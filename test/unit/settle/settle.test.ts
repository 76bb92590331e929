import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UploadError, type UploadErrorCode } from '../../../src/outcome/upload-error.ts';
import type { Verdict } from '../../../src/outcome/verdict.ts';
import type { Delivered, Failed } from '../../../src/settle/deliver.ts';
import { type Stop, settle } from '../../../src/settle/settle.ts';

const APPLIED: Delivered = { status: 'applied' };
const SKIPPED: Delivered = { status: 'skipped' };
const NOT_ATTEMPTED: Delivered = { status: 'not_attempted' };

function failed(verdict: Verdict, members: Partial<Failed> = {}): Failed {
  const code: UploadErrorCode = verdict === 'reject' ? 'invalid' : 'unavailable';
  return { status: 'failed', error: new UploadError(code, 'No.'), verdict, inBand: true, ...members };
}

interface World {
  spent?: boolean;
  /** Refusals after which the breaker is open. */
  maxRefusals?: number;
  hold?: (index: number) => Stop | undefined;
}

const held = (): Stop => ({ error: new UploadError('invalid', 'Held.'), hold: true });

/** Settles, and writes down in order what was asked of the rest. */
async function run(delivered: readonly Delivered[], world: World = {}) {
  const { spent = false, maxRefusals = Number.POSITIVE_INFINITY, hold = () => undefined } = world;
  const asked: string[] = [];
  let refusals = 0;
  const settlement = await settle(delivered, {
    async budgetIsSpent(index) {
      asked.push(`budget ${index}`);
      return spent;
    },
    async mayReject() {
      asked.push('may reject');
      return refusals < maxRefusals;
    },
    async decide(index) {
      asked.push(`decide ${index}`);
      return hold(index);
    },
    async tell(applied) {
      asked.push(applied ? 'applied' : 'refused');
      refusals = applied ? 0 : refusals + 1;
    },
  });
  return { settlement, asked };
}

describe('settle', () => {
  it('settles nothing of nothing', async () => {
    expect((await run([])).settlement).toEqual({ settled: 0, applied: 0, rejected: 0 });
  });

  it('settles what was applied, and tells the breaker once of each run of successes', async () => {
    const { settlement, asked } = await run([APPLIED, APPLIED, failed('reject'), APPLIED, APPLIED]);
    expect(settlement).toEqual({ settled: 5, applied: 4, rejected: 1 });
    expect(asked).toEqual(['applied', 'decide 2', 'applied']);
  });

  it('settles what was skipped, and tells the breaker nothing of it: it is no success', async () => {
    const { settlement, asked } = await run([SKIPPED, SKIPPED]);
    expect(settlement).toEqual({ settled: 2, applied: 0, rejected: 0 });
    expect(asked).toEqual([]);
  });

  it('tells of a run of successes once, also across skipped ones', async () => {
    const { settlement, asked } = await run([SKIPPED, APPLIED, SKIPPED, APPLIED, SKIPPED, APPLIED]);
    expect(settlement).toEqual({ settled: 6, applied: 3, rejected: 0 });
    expect(asked).toEqual(['applied']);
  });

  it('does not take what was skipped for the success that ends a row of refusals', async () => {
    const refused = failed('reject', { inBand: false });
    const { settlement } = await run([refused, SKIPPED, refused, SKIPPED, refused], { maxRefusals: 2 });
    expect(settlement).toMatchObject({ settled: 4, rejected: 2, stop: { error: { code: 'misconfigured' } } });
  });

  it('stops at the first that was not attempted, without a reason to wait', async () => {
    const { settlement, asked } = await run([APPLIED, NOT_ATTEMPTED, APPLIED]);
    expect(settlement).toEqual({ settled: 1, applied: 1, rejected: 0 });
    expect(asked).toEqual(['applied']);
  });

  it.each<[Verdict, boolean]>([
    ['retry', false],
    ['hold', true],
  ])('stops at a verdict of %s, and asks nobody', async (verdict, hold) => {
    const stays = failed(verdict, { inBand: false });
    const { settlement, asked } = await run([APPLIED, stays, APPLIED]);
    expect(settlement).toEqual({ settled: 1, applied: 1, rejected: 0, stop: { error: stays.error, hold } });
    expect(asked).toEqual(['applied']);
  });

  describe('a transaction refused in the form of the contract', () => {
    it('goes by the rejection policy alone: the breaker is for refusals that may mean something else', async () => {
      const { settlement, asked } = await run([failed('reject'), APPLIED], { maxRefusals: 0 });
      expect(settlement).toEqual({ settled: 2, applied: 1, rejected: 1 });
      expect(asked).toEqual(['decide 0', 'applied']);
    });

    it('stays where the policy holds it, and so does all behind it', async () => {
      const stop = held();
      const { settlement, asked } = await run([APPLIED, failed('reject'), APPLIED], { hold: () => stop });
      expect(settlement).toEqual({ settled: 1, applied: 1, rejected: 0, stop });
      expect(asked).toEqual(['applied', 'decide 1']);
    });

    it('stays where there was no time to decide, without being held', async () => {
      const stop: Stop = { error: new UploadError('timeout', 'Too slow.'), hold: false };
      const { settlement } = await run([failed('reject')], { hold: () => stop });
      expect(settlement).toEqual({ settled: 0, applied: 0, rejected: 0, stop });
    });
  });

  describe('a transaction refused with its whole request', () => {
    const refused = failed('reject', { inBand: false });

    it('is rejected while the breaker is closed, and counted', async () => {
      const { settlement, asked } = await run([refused, APPLIED]);
      expect(settlement).toEqual({ settled: 2, applied: 1, rejected: 1 });
      expect(asked).toEqual(['may reject', 'decide 0', 'refused', 'applied']);
    });

    it('stays while the breaker is open; the policy is not asked', async () => {
      const { settlement, asked } = await run([refused], { maxRefusals: 0 });
      expect(settlement).toMatchObject({
        settled: 0,
        rejected: 0,
        stop: { hold: false, error: { code: 'misconfigured', cause: refused.error } },
      });
      expect(asked).toEqual(['may reject']);
    });

    it('opens the breaker within the batch', async () => {
      const { settlement } = await run(
        Array.from({ length: 5 }, () => refused),
        { maxRefusals: 3 },
      );
      expect(settlement).toMatchObject({
        settled: 3,
        rejected: 3,
        stop: { error: { code: 'misconfigured' } },
      });
    });

    it('is not counted as a refusal while the policy holds it: it is still the same one next time', async () => {
      const { asked } = await run([refused], { hold: held });
      expect(asked).toEqual(['may reject', 'decide 0']);
    });
  });

  describe('an ambiguous transaction', () => {
    it.each([true, false])('stays until its budget is spent (in band: %s)', async (inBand) => {
      const ambiguous = failed('ambiguous', { inBand });
      const { settlement, asked } = await run([APPLIED, ambiguous]);
      expect(settlement).toEqual({
        settled: 1,
        applied: 1,
        rejected: 0,
        stop: { error: ambiguous.error, hold: false },
      });
      expect(asked).toEqual(['applied', 'budget 1']);
    });

    it('goes to the policy once its budget is spent, and counts as uncertain', async () => {
      const { settlement, asked } = await run([failed('ambiguous')], { spent: true });
      expect(settlement).toEqual({ settled: 1, applied: 0, rejected: 1 });
      expect(asked).toEqual(['budget 0', 'may reject', 'decide 0', 'refused']);
    });

    it('stays while the breaker is open, its budget spent or not', async () => {
      const { settlement } = await run([failed('ambiguous')], { spent: true, maxRefusals: 0 });
      expect(settlement).toMatchObject({
        settled: 0,
        stop: { error: { code: 'misconfigured' }, hold: false },
      });
    });
  });

  it('settles an unbroken prefix of applied, skipped and rejected ones, and asks the policy about no other', async () => {
    const delivered: fc.Arbitrary<Delivered> = fc.oneof(
      { weight: 5, arbitrary: fc.constant(APPLIED) },
      { weight: 2, arbitrary: fc.constant(SKIPPED) },
      { weight: 1, arbitrary: fc.constant(NOT_ATTEMPTED) },
      {
        weight: 4,
        arbitrary: fc
          .record({
            verdict: fc.constantFrom<Verdict>('reject', 'reject', 'reject', 'retry', 'hold', 'ambiguous'),
            inBand: fc.boolean(),
          })
          .map(({ verdict, inBand }) => failed(verdict, { inBand })),
      },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(delivered, { maxLength: 20 }),
        fc.boolean(),
        fc.integer({ min: 0, max: 4 }),
        fc.option(fc.nat(20)),
        async (all, spent, maxRefusals, heldIndex) => {
          const hold = (index: number) => (index === heldIndex ? held() : undefined);
          const { settlement, asked } = await run(all, { spent, maxRefusals, hold });
          const { settled, applied, rejected, stop } = settlement;
          const settleable = (each: Delivered) =>
            each.status === 'applied' ||
            each.status === 'skipped' ||
            (each.status === 'failed' &&
              (each.verdict === 'reject' || (each.verdict === 'ambiguous' && spent)));
          const prefix = all.slice(0, settled);
          expect(prefix.every(settleable)).toBe(true);
          expect(prefix.filter(({ status }) => status === 'failed')).toHaveLength(rejected);
          expect(prefix.filter(({ status }) => status === 'applied')).toHaveLength(applied);
          const next = all[settled];
          expect(stop !== undefined).toBe(next?.status === 'failed');
          if (next && next.status !== 'failed') expect(next.status).toBe('not_attempted');
          const decided = asked
            .filter((line) => line.startsWith('decide '))
            .map((line) => Number(line.slice(7)));
          expect(decided.every((index) => index <= settled)).toBe(true);
          expect(new Set(decided).size).toBe(decided.length);
          const met = prefix.filter(({ status }) => status !== 'skipped');
          const runs = met.filter(
            ({ status }, index) => status === 'applied' && met[index - 1]?.status !== 'applied',
          );
          expect(asked.filter((line) => line === 'applied')).toHaveLength(runs.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});
