import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { defaultVerdict, type UploadErrorCode, type Verdict } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import { type Failed, type Item, pair, type Stop } from '../../../src/upload/item.ts';
import type { Judge } from '../../../src/upload/judge.ts';
import { saysNothing, walk } from '../../../src/upload/walk.ts';

type Answer = (numbers: readonly number[]) => readonly Outcome[] | UploadError;
type Ruling = Stop | 'again' | undefined;
type Decide = (number: number, failed: Failed, overtakenBy: readonly number[]) => Ruling;

const APPLIED: Outcome = { status: 'applied' };
const NOT_ATTEMPTED: Outcome = { status: 'not_attempted' };
const allApplied = (numbers: readonly number[]) => numbers.map(() => APPLIED);
const error = (code: UploadErrorCode) => new UploadError(code, 'Refused.');
const refused = (code: UploadErrorCode = 'conflict', inBand = true): Outcome => ({
  status: 'rejected',
  error: error(code),
  inBand,
});
const byDefault: Judge = (failure) => ({ error: failure, verdict: defaultVerdict(failure.code) });
const always =
  (verdict: Verdict): Judge =>
  (failure) => ({ error: failure, verdict });

/** Refused at its second entry: the first one is applied. */
const half: Outcome = {
  status: 'rejected',
  error: error('invalid'),
  inBand: true,
  entryIndex: 1,
  appliedEntries: [0],
};

/** Refusals are believed, all else stays. */
const believe: Decide = (_, failed) => (failed.verdict === 'reject' ? undefined : stay(failed));
const stay = ({ error, verdict }: Failed): Stop => ({ error, hold: verdict === 'hold' });
/** Keeps this one, and believes the refusals of others. */
const keep =
  (number: number): Decide =>
  (each, failed, overtakenBy) =>
    each === number ? stay(failed) : believe(each, failed, overtakenBy);

interface World {
  judge?: Judge;
  decide?: Decide;
  known?: Record<number, Item['known']>;
}

/**
 * Walks over transactions numbered from 0 with a backend that answers so. The log has, in order, each request (`0 1 2`),
 * each decision (`0?`), what was not reached, what was told as applied (`+ 0 1`), as unanswered (`… 0`) and as too much (`! 2`).
 */
async function run(
  size: number,
  answer: Answer,
  { judge = byDefault, decide = believe, known = {} }: World = {},
) {
  const log: string[] = [];
  const numbersOf = (items: readonly Item[]) => items.map(({ transaction }) => Number(transaction.key));
  const judged = vi.fn(judge);
  const decided = vi.fn(decide);
  const items = Array.from(
    { length: size },
    (_, number): Item => ({ raw: [], transaction: { key: `${number}`, entries: [] }, known: known[number] }),
  );
  const settlement = await walk(items, {
    async send(sent) {
      const numbers = numbersOf(sent);
      log.push(numbers.join(' '));
      const outcomes = answer(numbers);
      if (outcomes instanceof UploadError) throw outcomes;
      return pair(sent, outcomes);
    },
    judge: judged,
    tooMuch: (count) => log.push(`! ${count}`),
    unanswered: async (lost) => {
      log.push(`… ${numbersOf(lost).join(' ')}`);
    },
    applied: async (those) => void log.push(`+ ${numbersOf(those).join(' ')}`),
    notReached: (item, { error: { code } }, overtakenBy) =>
      log.push(`(${item.transaction.key} ${code}, behind it ${numbersOf(overtakenBy).join(' ')})`),
    async decide(item, failed, overtakenBy) {
      log.push(`${item.transaction.key}?`);
      return decided(Number(item.transaction.key), failed, numbersOf(overtakenBy));
    },
  });
  const requests = log.filter((line) => /^\d+( \d+)*$/.test(line)).map((line) => line.split(' ').map(Number));
  return { settlement, log, requests, judged, decided };
}

/** A backend that refuses every request with one of these in it, as a whole. */
function refusing(bad: readonly number[], code: UploadErrorCode = 'invalid'): Answer {
  return (numbers) => (numbers.some((each) => bad.includes(each)) ? error(code) : allApplied(numbers));
}

describe('walk', () => {
  it('does nothing with nothing', async () => {
    const { settlement, log } = await run(0, allApplied);
    expect(settlement).toEqual({ settled: 0, applied: 0, rejected: 0 });
    expect(log).toEqual([]);
  });

  it('sends everything in one request where the backend takes it, and tells of that once', async () => {
    const { settlement, log, judged } = await run(4, allApplied);
    expect(settlement).toEqual({ settled: 4, applied: 4, rejected: 0 });
    expect(log).toEqual(['0 1 2 3', '+ 0 1 2 3']);
    expect(judged).not.toHaveBeenCalled();
  });

  it('asks about what was refused, with all that the backend said of it, and tells of what was applied in order', async () => {
    const details = { why: 'no' };
    const said = { entryIndex: 2, details, needsDecision: true, appliedEntries: [0] };
    const { settlement, log, decided } = await run(5, () => [
      APPLIED,
      APPLIED,
      { ...refused(), ...said },
      APPLIED,
      APPLIED,
    ]);
    expect(settlement).toEqual({ settled: 5, applied: 4, rejected: 1 });
    expect(log).toEqual(['0 1 2 3 4', '+ 0 1', '2?', '+ 3 4']);
    expect(decided.mock.calls[0]?.[1]).toMatchObject({ verdict: 'reject', inBand: true, ...said });
  });

  it('stops at the first that stays, and settles nothing behind it, though it was applied', async () => {
    const answer = () => [APPLIED, refused(), APPLIED];
    const { settlement, log } = await run(3, answer, { decide: keep(1) });
    expect(settlement).toMatchObject({
      settled: 1,
      applied: 1,
      rejected: 0,
      stop: { error: { code: 'conflict' }, hold: false },
    });
    expect(log).toEqual(['0 1 2', '+ 0', '1?', '… 2']); // 2 may be applied, as far as the next call knows
  });

  it('hands on why it stays, and for how long', async () => {
    const stop: Stop = { error: error('misconfigured'), hold: true, withinMs: 5 };
    const { settlement } = await run(1, () => [refused()], { decide: () => stop });
    expect(settlement.stop).toBe(stop);
  });

  it('stops at the first that was not attempted, without a reason to wait', async () => {
    const { settlement, log } = await run(3, () => [APPLIED, NOT_ATTEMPTED, APPLIED]);
    expect(settlement).toEqual({ settled: 1, applied: 1, rejected: 0 });
    expect(log).toEqual(['0 1 2', '+ 0', '… 2']);
  });

  it('takes what there is no outcome of for not attempted', async () => {
    const { settlement } = await run(3, () => [APPLIED]);
    expect(settlement).toEqual({ settled: 1, applied: 1, rejected: 0 });
  });

  it.each<UploadErrorCode>([
    'network',
    'timeout',
    'throttled',
    'unavailable',
    'unauthenticated',
    'misconfigured',
    'unknown',
    'schema_mismatch',
  ])('sends nothing again in the same call after %s, and asks about the first alone', async (code) => {
    const { requests, settlement, log } = await run(8, () => error(code));
    expect(requests).toHaveLength(1);
    expect(settlement).toMatchObject({ settled: 0, stop: { hold: code === 'schema_mismatch' } });
    expect(log.filter((line) => line.endsWith('?'))).toEqual(['0?']);
  });

  it('lets the verdict of the app decide, not the code', async () => {
    expect((await run(4, refusing([0]), { judge: always('retry') })).requests).toHaveLength(1);
    const { settlement } = await run(2, () => error('unavailable'), { judge: always('reject') });
    expect(settlement).toEqual({ settled: 2, applied: 0, rejected: 2 });
  });

  it('keeps the one that can not be decided on, such as in a locked database, and what was settled before it', async () => {
    const decide = () => {
      throw new Error('database is locked');
    };
    const { settlement, requests } = await run(4, refusing([1]), { decide });
    expect(settlement).toMatchObject({
      settled: 1,
      applied: 1,
      rejected: 0,
      stop: { error: { code: 'unknown', message: expect.stringContaining('Unexpected Error') }, hold: false },
    });
    expect(requests).toEqual([[0, 1, 2, 3], [0, 1], [0], [1]]);
  });
});

describe('a whole batch that is refused is bisected', () => {
  it.each<[number, number[], number[][]]>([
    [1, [0], [[0]]],
    [2, [0], [[0, 1], [0], [1]]],
    [2, [1], [[0, 1], [0], [1]]],
    [3, [0], [[0, 1, 2], [0, 1], [0], [1], [2]]],
    [3, [2], [[0, 1, 2], [0, 1], [2]]],
    [4, [3], [[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]]],
    [8, [5], [[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [4, 5, 6, 7], [4, 5], [4], [5], [6, 7]]],
    [4, [0, 3], [[0, 1, 2, 3], [0, 1], [0], [1], [2, 3], [2], [3]]],
  ])('%i transactions with %j at fault: these requests, in queue order', async (size, bad, expected) => {
    const { requests, settlement, decided } = await run(size, refusing(bad));
    expect(requests).toEqual(expected);
    expect(settlement).toEqual({ settled: size, applied: size - bad.length, rejected: bad.length });
    expect(decided.mock.calls.map(([number]) => number)).toEqual(bad);
  });

  it('finds the one at fault at every position of every size', async () => {
    for (let size = 1; size <= 20; size++) {
      for (let bad = 0; bad < size; bad++) {
        const { requests, decided } = await run(size, refusing([bad]));
        expect(decided.mock.calls.map(([number]) => number)).toEqual([bad]);
        expect(requests.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(size)));
      }
    }
  });

  it('singles out exactly the bad ones and sends the good ones in order, whichever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), async (isBad) => {
        const bad = isBad.flatMap((is, index) => (is ? [index] : []));
        const good = isBad.flatMap((is, index) => (is ? [] : [index]));
        const { log, settlement, decided, judged, requests } = await run(isBad.length, refusing(bad));
        expect(settlement).toEqual({ settled: isBad.length, applied: good.length, rejected: bad.length });
        expect(decided.mock.calls.map(([number]) => number)).toEqual(bad);
        expect(decided.mock.calls.every(([, { inBand }]) => !inBand)).toBe(true);
        const told = log.filter((line) => line.startsWith('+ ')).map((line) => line.slice(2));
        expect(told.join(' ')).toBe(good.join(' '));
        const refusedRequests = requests.filter((numbers) => numbers.some((each) => bad.includes(each)));
        expect(judged).toHaveBeenCalledTimes(refusedRequests.length);
      }),
    );
  });

  it('decides on each before anything behind it is sent', async () => {
    const { log } = await run(4, refusing([1, 2]));
    expect(log).toEqual(['0 1 2 3', '0 1', '0', '+ 0', '1', '1?', '2 3', '2', '2?', '3', '+ 3']);
  });

  it('judges a refused request once, and each transaction refused in band once', async () => {
    const { judged } = await run(4, (numbers) => {
      if (numbers.length === 4) return error('invalid');
      return numbers.map((each) => (each % 2 ? refused() : APPLIED));
    });
    expect(judged.mock.calls.map(([{ code }, inBand]) => [code, inBand])).toEqual([
      ['invalid', false],
      ['conflict', true],
      ['conflict', true],
    ]);
  });

  it('goes on in the right half once those refused in band in the left one have left', async () => {
    const answer: Answer = (numbers) =>
      numbers.length === 4 ? error('too_large') : numbers.map((each) => (each < 2 ? refused() : APPLIED));
    const { log } = await run(4, answer);
    expect(log).toEqual(['0 1 2 3', '! 4', '0 1', '0?', '1?', '2 3', '+ 2 3']);
  });

  it('keeps what the left half came to when the right one can only be retried', async () => {
    const { settlement, requests } = await run(4, (numbers) => {
      if (numbers.length === 4) return error('invalid');
      return numbers.includes(0) ? allApplied(numbers) : error('network');
    });
    expect(settlement).toMatchObject({ settled: 2, applied: 2, stop: { error: { code: 'network' } } });
    expect(requests).toEqual([
      [0, 1, 2, 3],
      [0, 1],
      [2, 3],
    ]);
  });

  it('tells of batches that should have been smaller: too large, or refused without a reason', async () => {
    const tooMuch = async (answer: Answer) =>
      (await run(4, answer)).log.filter((line) => line.startsWith('!'));
    expect(await tooMuch(refusing([0], 'too_large'))).toEqual(['! 4', '! 2']);
    expect(await tooMuch(() => error('unclassified'))).toEqual(['! 4', '! 2']);
    expect(await tooMuch(refusing([0], 'invalid'))).toEqual([]);
    expect(await tooMuch(refusing([0, 1, 2, 3], 'unavailable'))).toEqual([]);
  });
});

describe('nothing is sent behind a transaction whose fate is not decided', () => {
  it.each<UploadErrorCode>(['invalid', 'too_large', 'forbidden', 'conflict'])(
    'the right half stays where the left one is refused (%s) and kept',
    async (code) => {
      const { requests, settlement } = await run(2, refusing([0], code), { decide: keep(0) });
      expect(requests).toEqual([[0, 1], [0]]);
      expect(settlement).toMatchObject({ settled: 0, stop: { error: { code } } });
    },
  );

  it('however deep the one stands that is kept', async () => {
    const { requests, settlement } = await run(8, refusing([2]), { decide: keep(2) });
    expect(requests).toEqual([[0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3], [0, 1], [2, 3], [2]]);
    expect(settlement).toMatchObject({ settled: 2, applied: 2, rejected: 0 });
  });

  it.each<[string, Outcome, number]>([
    ['is retried', { status: 'retry', error: error('unavailable') }, 1],
    ['was not attempted', NOT_ATTEMPTED, 1],
    ['is held', refused('schema_mismatch'), 1],
    ['is ambiguous', refused('unclassified'), 1],
  ])('the right half stays where one of the left half %s', async (_, outcome, settled) => {
    const { settlement, requests } = await run(4, (numbers) =>
      numbers.length === 4 ? error('too_large') : [APPLIED, outcome],
    );
    expect(settlement).toMatchObject({ settled, applied: 1 });
    expect(requests).toEqual([
      [0, 1, 2, 3],
      [0, 1],
    ]);
  });

  it('so an outage stops at the first ambiguous transaction', async () => {
    const { settlement, requests } = await run(4, () => error('unclassified'));
    expect(settlement).toMatchObject({ settled: 0, stop: { error: { code: 'unclassified' } } });
    expect(requests).toEqual([[0, 1, 2, 3], [0, 1], [0]]);
  });

  it('so a broken backend gets few requests, where the breaker believes only so many refusals', async () => {
    let believed = 0;
    const decide: Decide = (_, failed) => (believed++ < 3 ? undefined : stay(failed));
    const { settlement, requests } = await run(50, () => error('invalid'), { decide });
    expect(settlement).toMatchObject({ settled: 3, rejected: 3 });
    expect(requests.length).toBeLessThanOrEqual(11);
  });

  it('waits for a decision that takes its time', async () => {
    const log: string[] = [];
    const items = [0, 1].map((key): Item => ({ raw: [], transaction: { key: `${key}`, entries: [] } }));
    await walk(items, {
      async send(sent) {
        log.push(sent.map(({ transaction }) => transaction.key).join(' '));
        if (sent.some(({ transaction }) => transaction.key === '0')) throw error('invalid');
        return pair(sent, [APPLIED]);
      },
      judge: byDefault,
      tooMuch: () => {},
      unanswered: async () => {},
      applied: async () => {},
      notReached: () => {},
      async decide() {
        await new Promise((resolve) => setImmediate(resolve));
        log.push('decided');
        return undefined;
      },
    });
    expect(log).toEqual(['0 1', '0', 'decided', '1']);
  });

  it('whatever the backend answers, and whatever is decided', async () => {
    const outcome: fc.Arbitrary<Outcome> = fc.oneof(
      { weight: 4, arbitrary: fc.constant(APPLIED) },
      { weight: 1, arbitrary: fc.constant(NOT_ATTEMPTED) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(
            fc.constantFrom<UploadErrorCode>(
              'conflict',
              'invalid',
              'unclassified',
              'unavailable',
              'forbidden',
            ),
            fc.boolean(),
          )
          .map(([code, inBand]) => refused(code, inBand)),
      },
    );
    const whole = fc
      .constantFrom<UploadErrorCode>('invalid', 'too_large', 'unclassified', 'network')
      .map((code) => error(code));
    const ruling = fc.constantFrom<'let go' | 'again' | 'stay'>('let go', 'let go', 'again', 'stay');
    const known = fc.constantFrom<'skipped' | 'recorded' | 'failed' | undefined>(
      ...([undefined, undefined, undefined, 'skipped', 'recorded', 'failed'] as const),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(known, { minLength: 1, maxLength: 12 }),
        fc.infiniteStream(fc.oneof(whole, fc.array(outcome, { minLength: 12, maxLength: 12 }))),
        fc.infiniteStream(ruling),
        async (states, answers, rulings) => {
          const failed: Failed = {
            status: 'failed',
            error: error('invalid'),
            verdict: 'reject',
            inBand: true,
          };
          const given = states.map((status) => (status === 'failed' ? failed : status && { status }));
          /** What is settled, as far as the log tells. */
          const settled = new Set<number>(
            given.flatMap((each, index) => (each && each.status !== 'failed' ? [index] : [])),
          );
          const answer: Answer = (numbers) => {
            for (let each = 0; each < (numbers[0] ?? 0); each++) expect(settled).toContain(each);
            const next = answers.next().value;
            if (next instanceof UploadError) return next;
            const outcomes = (next ?? []).slice(0, numbers.length);
            return outcomes;
          };
          const decide: Decide = (number, failure, overtakenBy) => {
            for (let each = 0; each < number; each++) expect(settled).toContain(each);
            for (const each of overtakenBy) expect(each).toBeGreaterThan(number);
            const next = rulings.next().value;
            if (next === 'again' && failure.verdict === 'reject') return 'again';
            if (next === 'stay' || failure.verdict !== 'reject') return stay(failure);
            settled.add(number);
            return undefined;
          };
          const applied = new Set<number>();
          const judge = vi.fn(byDefault);
          const items = given.map(
            (each, number): Item => ({
              raw: [],
              transaction: { key: `${number}`, entries: [] },
              known: each as Item['known'],
            }),
          );
          const numberOf = ({ transaction }: Item) => Number(transaction.key);
          const settlement = await walk(items, {
            async send(sent) {
              const outcomes = answer(sent.map(numberOf));
              if (outcomes instanceof UploadError) throw outcomes;
              return pair(sent, outcomes);
            },
            judge,
            tooMuch: () => {},
            unanswered: async () => {},
            async applied(those) {
              for (const each of those) {
                expect(applied).not.toContain(numberOf(each));
                applied.add(numberOf(each));
                settled.add(numberOf(each));
              }
            },
            notReached: (item) => expect(settled).not.toContain(numberOf(item)),
            decide: async (item, failure, overtakenBy) =>
              decide(numberOf(item), failure, overtakenBy.map(numberOf)),
          });
          for (let each = 0; each < settlement.settled; each++) expect(settled).toContain(each);
          expect(applied.size).toBe(settlement.applied);
          expect([...applied].every((each) => each < settlement.settled)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('what the backend went on behind', () => {
  it('is told with the decision on a refused one: those behind it in the request that are applied', async () => {
    const answer = () => [refused(), APPLIED, refused(), APPLIED, NOT_ATTEMPTED];
    const { decided } = await run(5, answer);
    expect(decided.mock.calls.map(([number, , overtakenBy]) => [number, overtakenBy])).toEqual([
      [0, [1, 3]],
      [2, [3]],
    ]);
  });

  it('is nothing where a request holds one only, where nothing is applied behind, or what was skipped', async () => {
    const overtaken = async (answer: Answer, known: World['known'] = {}) => {
      const { decided } = await run(3, answer, { known });
      return decided.mock.calls.map(([, , overtakenBy]) => overtakenBy);
    };
    expect(await overtaken(refusing([0]))).toEqual([[]]);
    expect(await overtaken(() => [APPLIED, refused(), refused()])).toEqual([[], []]);
    const known = { 1: { status: 'skipped' }, 2: { status: 'recorded' } } as const;
    expect(await overtaken(() => [refused()], known)).toEqual([[]]);
  });
});

describe('a failure behind one that stays', () => {
  it('is not decided on, but told of, with what is applied behind it: that must not be undone later', async () => {
    const answer = () => [refused(), APPLIED, refused('forbidden'), refused('invalid'), APPLIED];
    const { log } = await run(5, answer, { decide: keep(0) });
    expect(log).toEqual([
      '0 1 2 3 4',
      '0?',
      '(2 forbidden, behind it 4)',
      '(3 invalid, behind it 4)',
      '… 1 4',
    ]);
  });

  it('is told of behind one that was not attempted, too', async () => {
    const { log } = await run(3, () => [NOT_ATTEMPTED, refused(), APPLIED]);
    expect(log).toEqual(['0 1 2', '(1 conflict, behind it 2)', '… 2']);
  });

  it('is none where everything was settled', async () => {
    const { log } = await run(3, () => [refused(), refused(), APPLIED]);
    expect(log.filter((line) => line.startsWith('('))).toEqual([]);
  });
});

describe('another try', () => {
  it('sends that one alone, before anything else, until it is decided', async () => {
    let tries = 0;
    const decide: Decide = () => (++tries < 3 ? 'again' : undefined);
    const { log, settlement } = await run(3, refusing([0]), { decide });
    expect(log).toEqual(['0 1 2', '0 1', '0', '0?', '0', '0?', '0', '0?', '1', '+ 1', '2', '+ 2']);
    expect(settlement).toEqual({ settled: 3, applied: 2, rejected: 1 });
  });

  it('is decided with what the backend has applied behind the first one', async () => {
    let calls = 0;
    const answer: Answer = () => (calls++ === 0 ? [refused(), APPLIED] : [refused('invalid')]);
    const decide: Decide = (_, failed) => (calls === 1 ? 'again' : stay(failed));
    const { log, decided } = await run(2, answer, { decide });
    expect(decided.mock.calls.map(([, { error }, overtakenBy]) => [error.code, overtakenBy])).toEqual([
      ['conflict', [1]],
      ['invalid', [1]],
    ]);
    expect(log).toEqual(['0 1', '0?', '0', '0?', '… 1']);
  });

  it('that is applied is told of, and what is behind goes on', async () => {
    let calls = 0;
    const answer: Answer = (numbers) =>
      calls++ === 0 ? [APPLIED, refused(), refused()] : allApplied(numbers);
    const { log, settlement } = await run(3, answer, { decide: () => 'again' });
    expect(log).toEqual(['0 1 2', '+ 0', '1?', '1', '+ 1', '2?', '2', '+ 2']);
    expect(settlement).toEqual({ settled: 3, applied: 3, rejected: 0 });
  });

  it.each<[string, Outcome[] | UploadError, object]>([
    ['fails in another way', error('network'), { stop: { error: { code: 'network' } } }],
    ['is retried', [{ status: 'retry', error: error('unavailable') }], { stop: { hold: false } }],
    ['is not attempted', [NOT_ATTEMPTED], { settled: 0 }],
    ['comes to nothing', [], { settled: 0 }],
  ])('that %s is judged by that, and nothing behind it is sent', async (_, second, expected) => {
    let calls = 0;
    const answer: Answer = () => (calls++ === 0 ? [refused(), refused()] : second);
    const decide: Decide = (_, failed) => (calls === 1 ? 'again' : stay(failed));
    const { settlement, requests } = await run(2, answer, { decide });
    expect(requests).toEqual([[0, 1], [0]]);
    expect(settlement).toMatchObject({ settled: 0, ...expected });
    expect('stop' in settlement).toBe('stop' in expected);
  });
});

describe('what is known before it is sent', () => {
  const failed: Failed = { status: 'failed', error: error('invalid'), verdict: 'reject', inBand: false };

  it('leaves without being sent where there is nothing to send: neither applied nor rejected', async () => {
    const known = { 0: { status: 'skipped' }, 2: { status: 'skipped' } } as const;
    const { log, settlement } = await run(4, allApplied, { known });
    expect(log).toEqual(['1 3', '+ 1 3']);
    expect(settlement).toEqual({ settled: 4, applied: 2, rejected: 0 });
    expect((await run(1, allApplied, { known })).settlement).toEqual({ settled: 1, applied: 0, rejected: 0 });
  });

  it('leaves without being sent, and without being decided on, where its rejection is recorded', async () => {
    const { log, settlement } = await run(3, allApplied, { known: { 1: { status: 'recorded' } } });
    expect(log).toEqual(['0 2', '+ 0 2']);
    expect(settlement).toEqual({ settled: 3, applied: 2, rejected: 1 });
  });

  it('is no success: the breaker hears nothing of it', async () => {
    const known = { 0: { status: 'recorded' }, 1: { status: 'skipped' } } as const;
    expect((await run(2, allApplied, { known })).log).toEqual([]);
  });

  it('leaves only in its turn', async () => {
    const { settlement } = await run(2, refusing([0]), {
      known: { 1: { status: 'recorded' } },
      decide: keep(0),
    });
    expect(settlement).toMatchObject({ settled: 0, rejected: 0 });
  });

  it('is bisected around', async () => {
    const known = { 0: { status: 'skipped' }, 2: { status: 'recorded' }, 4: { status: 'skipped' } } as const;
    const { settlement, requests } = await run(5, refusing([3]), { known });
    expect(requests).toEqual([[1, 3], [1], [3]]);
    expect(settlement).toEqual({ settled: 5, applied: 1, rejected: 2 });
  });

  it('is decided in its turn where it failed before, and nothing behind it is sent before that', async () => {
    const { log, settlement } = await run(4, allApplied, { known: { 2: failed } });
    expect(log).toEqual(['0 1', '+ 0 1', '2?', '3', '+ 3']);
    expect(settlement).toEqual({ settled: 4, applied: 3, rejected: 1 });
    const kept = await run(4, allApplied, { known: { 2: failed }, decide: keep(2) });
    expect(kept.log).toEqual(['0 1', '+ 0 1', '2?']);
    expect(kept.settlement).toMatchObject({ settled: 2 });
  });

  it('is not decided on where one in front of it stays', async () => {
    const { log } = await run(3, () => error('network'), { known: { 2: failed } });
    expect(log).toEqual(['0 1', '… 0 1', '0?']);
  });
});

describe('what may be applied though nobody knows', () => {
  const ANSWERS: UploadErrorCode[] = [
    ...(['throttled', 'unauthenticated', 'owner_mismatch', 'schema_mismatch', 'update_required'] as const),
    ...(['invalid', 'forbidden', 'not_found', 'conflict', 'too_large'] as const),
  ];
  const OTHERS: UploadErrorCode[] = [
    ...([
      'network',
      'timeout',
      'unavailable',
      'misconfigured',
      'aborted',
      'unknown',
      'unclassified',
    ] as const),
  ];
  const unanswered = async (answer: Answer) =>
    (await run(2, answer, { decide: (_, failed) => stay(failed) })).log.filter((line) =>
      line.startsWith('…'),
    );

  it.each(OTHERS)('is all of a request that failed with %s', async (code) => {
    expect((await unanswered(() => error(code)))[0]).toBe('… 0 1');
  });

  it.each(ANSWERS)('is nothing of one that was answered with %s', async (code) => {
    expect(await unanswered(() => error(code))).toEqual([]);
  });

  it.each<[UploadErrorCode, number, boolean]>([
    ['unclassified', 404, false],
    ['unclassified', 499, false],
    ['unclassified', 500, true],
    ['misconfigured', 404, true],
  ])('%s with status %i: %s', (code, status, isUnknown) => {
    expect(saysNothing(new UploadError(code, 'No.', { status }))).toBe(isUnknown);
  });

  it('is each transaction whose own request failed so', async () => {
    for (const code of OTHERS)
      expect(await unanswered(() => [APPLIED, refused(code, false)]), code).toEqual(['… 1']);
    for (const code of ANSWERS)
      expect(await unanswered(() => [APPLIED, refused(code, false)]), code).toEqual([]);
    const retry: Outcome = { status: 'retry', error: error('network'), inBand: false };
    expect(await unanswered(() => [retry, NOT_ATTEMPTED])).toEqual(['… 0']);
  });

  it('is none that the backend answered in the form of the contract', async () => {
    const retry: Outcome = { status: 'retry', error: error('unavailable') };
    expect(await unanswered(() => [retry, NOT_ATTEMPTED])).toEqual([]);
    expect(await unanswered(() => [refused('unclassified'), NOT_ATTEMPTED])).toEqual([]);
  });

  it('is told before anything is decided, and of another try alike', async () => {
    let calls = 0;
    const answer: Answer = () => (calls++ === 0 ? [refused()] : error('network'));
    const decide: Decide = (_, failed) => (calls === 1 ? 'again' : stay(failed));
    expect((await run(1, answer, { decide })).log).toEqual(['0', '0?', '0', '… 0', '0?']);
  });

  it('is one that stays though a part of it is applied: what is said of it next may not tell', async () => {
    const decide = keep(0);
    expect((await run(1, () => [half], { decide })).log).toEqual(['0', '0?', '… 0']);
    expect((await run(3, () => [half, half, APPLIED], { decide })).log).toContain('… 0 1 2');
  });

  it('is not one that leaves, nor one of which nothing is applied', async () => {
    expect((await run(1, () => [half])).log).toEqual(['0', '0?']);
    const none: Outcome = { ...half, appliedEntries: [] };
    expect((await run(1, () => [none], { decide: keep(0) })).log).toEqual(['0', '0?']);
  });
});
