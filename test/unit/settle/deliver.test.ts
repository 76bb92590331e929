import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../src/outcome/outcome.ts';
import { UploadError, type UploadErrorCode } from '../../../src/outcome/upload-error.ts';
import { defaultVerdict, type Verdict } from '../../../src/outcome/verdict.ts';
import type { UploadTransaction } from '../../../src/queue/transaction.ts';
import { type Delivered, type Delivery, deliver, type Judge } from '../../../src/settle/deliver.ts';

type Answer = (numbers: number[]) => readonly Outcome[] | UploadError;

const APPLIED: Outcome = { status: 'applied' };
const allApplied = (numbers: number[]) => numbers.map(() => APPLIED);
const error = (code: UploadErrorCode) => new UploadError(code, 'Refused.');
const byDefault: Judge = (failure) => ({ error: failure, verdict: defaultVerdict(failure.code) });
const always =
  (verdict: Verdict): Judge =>
  (failure) => ({ error: failure, verdict });

/** Delivers transactions numbered from 0 to a backend that answers so, and tells what was asked of whom. */
async function run(
  size: number,
  answer: Answer,
  {
    maxRefusals = Number.POSITIVE_INFINITY,
    judge = byDefault,
    inARow,
  }: { maxRefusals?: number; judge?: Judge; inARow?: number } = {},
) {
  const requests: number[][] = [];
  const tooMuch: number[] = [];
  const judged = vi.fn(judge);
  const transactions: UploadTransaction[] = Array.from({ length: size }, (_, index) => ({
    key: `${index}`,
    entries: [],
  }));
  const delivery: Delivery = {
    async send(sent) {
      const numbers = sent.map(({ key }) => Number(key));
      requests.push(numbers);
      const outcomes = answer(numbers);
      if (outcomes instanceof UploadError) throw outcomes;
      return outcomes;
    },
    judge: judged,
    tooMuch: (count) => tooMuch.push(count),
    maxRefusals,
  };
  const delivered = await deliver(transactions, delivery, inARow);
  return { delivered, requests, tooMuch, judged, letters: delivered.map(letterOf).join('') };
}

/** One letter for each: a(pplied), n(ot attempted), and of failures r(etry), x (reject), h(old), ? (ambiguous). */
function letterOf(delivered: Delivered): string {
  if (delivered.status !== 'failed') return delivered.status[0] ?? '';
  return { retry: 'r', reject: 'x', hold: 'h', ambiguous: '?' }[delivered.verdict];
}

/** A backend that refuses every request with one of these in it, as a whole. */
function refusing(bad: readonly number[], code: UploadErrorCode = 'invalid'): Answer {
  return (numbers) => (numbers.some((each) => bad.includes(each)) ? error(code) : allApplied(numbers));
}

describe('deliver', () => {
  it('sends everything in one request where the backend takes it', async () => {
    const { requests, letters, judged } = await run(4, allApplied);
    expect(requests).toEqual([[0, 1, 2, 3]]);
    expect(letters).toBe('aaaa');
    expect(judged).not.toHaveBeenCalled();
  });

  it('hands on what the backend said of each transaction', async () => {
    const invalid = error('invalid');
    const details = { why: 'no' };
    const { delivered, requests, judged } = await run(3, () => [
      APPLIED,
      { status: 'rejected', error: invalid, entryIndex: 2, details, needsDecision: true },
      { status: 'not_attempted' },
    ]);
    expect(requests).toHaveLength(1);
    expect(delivered).toEqual([
      { status: 'applied' },
      {
        status: 'failed',
        error: invalid,
        verdict: 'reject',
        inBand: true,
        entryIndex: 2,
        details,
        needsDecision: true,
      },
      { status: 'not_attempted' },
    ]);
    expect(judged.mock.calls).toEqual([[invalid, true, details]]);
  });

  it('drops whatever else a transport puts beside applied and not_attempted', async () => {
    const { delivered } = await run(1, () => [{ status: 'applied', error: 'x' } as never]);
    expect(delivered).toEqual([{ status: 'applied' }]);
  });

  it('reads a retry as one, whatever its code: the backend said so', async () => {
    const { letters } = await run(3, () => [
      { status: 'retry', error: error('invalid') },
      { status: 'retry', error: error('schema_mismatch') },
      { status: 'retry', error: error('unclassified') },
    ]);
    expect(letters).toBe('rhr');
  });

  it.each<[string, unknown]>([
    ['rejected', undefined],
    ['rejected', 'no'],
    ['retry', undefined],
    ['retry', { code: 'invalid' }],
  ])('keeps the write where the error of %s is no error (%j)', async (status, value) => {
    const { letters } = await run(1, () => [{ status, error: value } as never]);
    expect(letters).toBe('r');
  });

  it.each<[string, unknown]>([
    ['too few outcomes', [APPLIED]],
    ['too many outcomes', [APPLIED, APPLIED, APPLIED]],
    ['none', []],
    ['no list', undefined],
    ['null', null],
    ['an object that looks like a list', { length: 2, 0: APPLIED, 1: APPLIED }],
    ['an outcome that is null', [APPLIED, null]],
    ['an outcome that is text', [APPLIED, 'applied']],
    ['an outcome without a status', [APPLIED, {}]],
    ['an outcome with an unknown status', [APPLIED, { status: 'ok' }]],
    ['a hole in the list', Object.assign(new Array(2), { 0: APPLIED })],
  ])('believes nothing of an answer with %s', async (_, outcomes) => {
    const { delivered, letters, requests } = await run(2, () => outcomes as Outcome[]);
    expect(letters).toBe('rn');
    expect(delivered[0]).toMatchObject({ error: { code: 'misconfigured' }, inBand: false });
    expect(requests).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['text', 'boom'],
    ['a plain error', new Error('boom')],
    ['nothing', undefined],
  ])('keeps everything where the transport throws %s', async (_, thrown) => {
    const answer = () => {
      throw thrown;
    };
    const { delivered, letters } = await run(3, answer);
    expect(letters).toBe('rnn');
    expect(delivered[0]).toMatchObject({ error: { code: 'unknown' } });
  });

  it.each<UploadErrorCode>([
    'network',
    'timeout',
    'throttled',
    'unavailable',
    'unauthenticated',
    'misconfigured',
    'unknown',
  ])('sends nothing again in the same call after %s', async (code) => {
    const { requests, letters } = await run(8, () => error(code));
    expect(requests).toHaveLength(1);
    expect(letters).toBe('rnnnnnnn');
  });

  it('does not bisect where the app and the backend do not fit: no half would fit better', async () => {
    const { requests, letters } = await run(4, () => error('schema_mismatch'));
    expect(requests).toHaveLength(1);
    expect(letters).toBe('hnnn');
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
    const { requests, letters } = await run(size, refusing(bad));
    expect(requests).toEqual(expected);
    expect(letters).toBe(Array.from({ length: size }, (_, i) => (bad.includes(i) ? 'x' : 'a')).join(''));
  });

  it('finds the one at fault at every position of every size', async () => {
    for (let size = 1; size <= 20; size++) {
      for (let bad = 0; bad < size; bad++) {
        const { letters, requests } = await run(size, refusing([bad]));
        expect(letters).toBe(`${'a'.repeat(bad)}x${'a'.repeat(size - bad - 1)}`);
        expect(requests.length).toBeLessThanOrEqual(1 + 2 * Math.ceil(Math.log2(size)));
      }
    }
  });

  it('singles out exactly the bad ones and sends the good ones in order, whichever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }), async (isBad) => {
        const bad = isBad.flatMap((is, index) => (is ? [index] : []));
        const taken: number[] = [];
        const { letters, delivered, judged, requests } = await run(isBad.length, (numbers) => {
          const answer = refusing(bad)(numbers);
          if (!(answer instanceof UploadError)) taken.push(...numbers);
          return answer;
        });
        expect(letters).toBe(isBad.map((is) => (is ? 'x' : 'a')).join(''));
        expect(taken).toEqual(isBad.flatMap((is, index) => (is ? [] : [index])));
        expect(delivered.every((each) => each.status !== 'failed' || !each.inBand)).toBe(true);
        const refused = requests.filter((numbers) => numbers.some((each) => bad.includes(each)));
        expect(judged).toHaveBeenCalledTimes(refused.length);
      }),
    );
  });

  it('judges a refused request once, and each transaction refused in band once', async () => {
    const { judged } = await run(4, (numbers) => {
      if (numbers.length === 4) return error('invalid');
      return numbers.map((each) => (each % 2 ? { status: 'rejected', error: error('conflict') } : APPLIED));
    });
    expect(judged.mock.calls.map(([{ code }, inBand]) => [code, inBand])).toEqual([
      ['invalid', false],
      ['conflict', true],
      ['conflict', true],
    ]);
  });

  it('goes on in the right half after transactions that were refused in band in the left one', async () => {
    const { letters } = await run(4, (numbers) => {
      if (numbers.length === 4) return error('too_large');
      return numbers.map((each) => (each < 2 ? { status: 'rejected', error: error('conflict') } : APPLIED));
    });
    expect(letters).toBe('xxaa');
  });

  it('keeps what the left half came to when the right one can only be retried', async () => {
    const { letters, requests } = await run(4, (numbers) => {
      if (numbers.length === 4) return error('invalid');
      return numbers.includes(0) ? allApplied(numbers) : error('network');
    });
    expect(letters).toBe('aarn');
    expect(requests).toEqual([
      [0, 1, 2, 3],
      [0, 1],
      [2, 3],
    ]);
  });

  it.each<[string, Outcome | UploadError, string]>([
    ['is retried', { status: 'retry', error: error('unavailable') }, 'arnn'],
    ['was not attempted', { status: 'not_attempted' }, 'annn'],
    ['is held', { status: 'rejected', error: error('schema_mismatch') }, 'ahnn'],
    ['is ambiguous', { status: 'rejected', error: error('unclassified') }, 'a?nn'],
  ])(
    'does not send the right half where one of the left half %s: order first',
    async (_, outcome, expected) => {
      const { letters, requests } = await run(4, (numbers) => {
        if (numbers.length === 4) return error('too_large');
        return [APPLIED, outcome] as Outcome[];
      });
      expect(letters).toBe(expected);
      expect(requests).toEqual([
        [0, 1, 2, 3],
        [0, 1],
      ]);
    },
  );

  it('stops at the first ambiguous transaction: those behind it may be refused for the same outage', async () => {
    const { letters, requests } = await run(4, () => error('unclassified'));
    expect(letters).toBe('?nnn');
    expect(requests).toEqual([[0, 1, 2, 3], [0, 1], [0]]);
  });

  it('tells of batches that should have been smaller: too large, or refused without a reason', async () => {
    expect((await run(4, refusing([0], 'too_large'))).tooMuch).toEqual([4, 2]);
    expect((await run(4, () => error('unclassified'))).tooMuch).toEqual([4, 2]);
    expect((await run(4, refusing([0], 'invalid'))).tooMuch).toEqual([]);
  });

  it('lets the verdict of the app decide, not the code', async () => {
    expect((await run(4, refusing([0]), { judge: always('retry') })).letters).toBe('rnnn');
    expect((await run(2, () => error('unavailable'), { judge: always('reject') })).letters).toBe('xx');
  });

  it('shows the error of the verdict where the app failed to give one, of a request and of a transaction', async () => {
    const fault = new UploadError('misconfigured', 'classify() threw.');
    const judge: Judge = () => ({ error: fault, verdict: 'retry' });
    const whole = await run(2, () => error('invalid'), { judge });
    expect(whole.delivered[0]).toEqual({ status: 'failed', error: fault, verdict: 'retry', inBand: false });
    expect(whole.requests).toHaveLength(1);
    const single = await run(1, () => [{ status: 'rejected', error: error('invalid') }], { judge });
    expect(single.delivered[0]).toMatchObject({ error: fault, verdict: 'retry', inBand: true });
  });
});

describe('where everything is refused', () => {
  it('stops after as many refusals in a row as the breaker believes: more would only load a broken backend', async () => {
    const { letters, requests } = await run(50, () => error('invalid'), { maxRefusals: 4 });
    expect(letters).toBe(`xxxx${'n'.repeat(46)}`);
    expect(requests).toHaveLength(11);
  });

  it('goes on after refusals with a success between, since they are not in a row', async () => {
    const { letters } = await run(8, refusing([1, 2, 3, 5]), { maxRefusals: 4 });
    expect(letters).toBe('axxxaxaa');
  });

  it('counts a row of refusals over the halves', async () => {
    const { letters } = await run(8, refusing([2, 3, 4, 5, 6]), { maxRefusals: 4 });
    expect(letters).toBe('aaxxxxnn');
  });

  it('counts those just before these transactions, too', async () => {
    expect((await run(4, () => error('invalid'), { maxRefusals: 4, inARow: 3 })).letters).toBe('xnnn');
    expect((await run(4, refusing([1, 2, 3]), { maxRefusals: 4, inARow: 3 })).letters).toBe('axxx');
  });

  it('counts no refusals in band: the backend tells the writes apart', async () => {
    const { letters } = await run(
      4,
      (numbers) => {
        if (numbers.length === 4) return error('invalid');
        return numbers.map(() => ({ status: 'rejected', error: error('conflict') }));
      },
      { maxRefusals: 1 },
    );
    expect(letters).toBe('xxxx');
  });

  it('sends everything up to so many refusals in a row, and nothing behind the half they end', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 5 }),
        async (isBad, maxRefusals) => {
          const bad = isBad.flatMap((is, index) => (is ? [index] : []));
          const { letters } = await run(isBad.length, refusing(bad), { maxRefusals });
          const whole = isBad.map((is) => (is ? 'x' : 'a')).join('');
          const known = letters.replace(/n+$/, '');
          expect(whole.startsWith(known)).toBe(true);
          // It ended early only where the row of refusals was long enough.
          if (known !== whole) expect(known).toMatch(new RegExp(`x{${maxRefusals}}$`));
        },
      ),
    );
  });
});
