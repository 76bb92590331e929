import { describe, expect, it, vi } from 'vitest';
import { defaultVerdict, type UploadErrorCode, type Verdict } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { Outcome } from '../../../src/transport/outcome.ts';
import { type Judge, judgeOutcome, judgeThrown, judgeWith } from '../../../src/upload/judge.ts';

const error = (code: UploadErrorCode, status?: number) => new UploadError(code, 'Refused.', { status });

describe('judgeWith', () => {
  it.each<[UploadErrorCode, Verdict]>([
    ['invalid', 'reject'],
    ['unavailable', 'retry'],
    ['unclassified', 'ambiguous'],
    ['schema_mismatch', 'hold'],
  ])('gives the default verdict on %s where the app has none: %s', (code, verdict) => {
    const failure = error(code);
    expect(judgeWith({ classify: () => undefined })(failure, true)).toEqual({ error: failure, verdict });
  });

  it('asks the app, and gives it all there is to judge by', () => {
    const classify = vi.fn(() => 'hold' as const);
    const failure = error('conflict', 409);
    const details = { why: 'no' };
    expect(judgeWith({ classify })(failure, true, details)).toEqual({ error: failure, verdict: 'hold' });
    expect(classify.mock.calls).toEqual([
      [{ code: 'conflict', status: 409, error: failure, details, inBand: true }],
    ]);
  });

  it.each<UploadErrorCode>(['aborted', 'unauthenticated'])(
    'does not ask about %s, which says nothing of the write',
    (code) => {
      const classify = vi.fn(() => 'reject' as const);
      expect(judgeWith({ classify })(error(code), false).verdict).toBe('retry');
      expect(classify).not.toHaveBeenCalled();
    },
  );

  it.each<[string, () => unknown, UploadErrorCode]>([
    [
      'throws',
      () => {
        throw new RangeError('a bug');
      },
      'unknown',
    ],
    ['returns what is no verdict', () => 'drop', 'misconfigured'],
    ['returns a promise', async () => 'reject', 'misconfigured'],
    ['returns an inherited name', () => 'constructor', 'misconfigured'],
  ])('keeps the write, and shows the fault, where classify %s', (_, classify, code) => {
    expect(judgeWith({ classify: classify as never })(error('invalid'), true)).toMatchObject({
      verdict: 'retry',
      error: { code },
    });
  });
});

const byDefault: Judge = (failure) => ({ error: failure, verdict: defaultVerdict(failure.code) });

describe('judgeThrown', () => {
  it('says nothing of a single transaction', () => {
    const failure = error('invalid');
    expect(judgeThrown(failure, byDefault)).toEqual({
      status: 'failed',
      error: failure,
      verdict: 'reject',
      inBand: false,
    });
  });

  it.each<[string, unknown]>([
    ['text', 'boom'],
    ['a plain error', new Error('boom')],
    ['nothing', undefined],
  ])('keeps the writes where %s was thrown', (_, thrown) => {
    expect(judgeThrown(thrown, byDefault)).toMatchObject({ verdict: 'retry', error: { code: 'unknown' } });
  });
});

describe('judgeOutcome', () => {
  const judge = (outcome: unknown) => judgeOutcome(outcome as Outcome, byDefault);

  it.each(['applied', 'skipped', 'not_attempted'])('drops whatever a transport puts beside %s', (status) => {
    expect(judge({ status, error: 'x', details: 'y' })).toEqual({ status });
  });

  it('hands on all that was said of a rejected one, and judges it once', () => {
    const asked = vi.fn(byDefault);
    const [failure, details] = [error('invalid'), { why: 'no' }];
    const said = { entryIndex: 2, appliedEntries: [0, 1], details, needsDecision: true };
    expect(judgeOutcome({ status: 'rejected', error: failure, ...said }, asked)).toEqual({
      status: 'failed',
      error: failure,
      verdict: 'reject',
      inBand: true,
      ...said,
    });
    expect(asked.mock.calls).toEqual([[failure, true, details]]);
  });

  it('judges as a failed request what was read from one', () => {
    const asked = vi.fn(byDefault);
    const [rejected, retry] = [error('invalid'), error('conflict')];
    expect(judgeOutcome({ status: 'rejected', error: rejected, inBand: false }, asked)).toMatchObject({
      inBand: false,
    });
    expect(judgeOutcome({ status: 'retry', error: retry, inBand: false }, asked)).toMatchObject({
      inBand: false,
      verdict: 'reject',
    });
    expect(asked.mock.calls.map(([failure, inBand]) => [failure, inBand])).toEqual([
      [rejected, false],
      [retry, false],
    ]);
  });

  it.each<[UploadErrorCode, Verdict]>([
    ['invalid', 'retry'],
    ['unclassified', 'retry'],
    ['unavailable', 'retry'],
    ['schema_mismatch', 'hold'],
    ['update_required', 'hold'],
  ])('believes a backend that says retry, whatever the code, and asks nobody: %s', (code, verdict) => {
    const asked = vi.fn(byDefault);
    const failure = error(code);
    expect(judgeOutcome({ status: 'retry', error: failure }, asked)).toEqual({
      status: 'failed',
      error: failure,
      verdict,
      inBand: true,
    });
    expect(asked).not.toHaveBeenCalled();
  });

  it.each<[string, unknown]>([
    ['rejected', undefined],
    ['rejected', 'no'],
    ['retry', undefined],
    ['retry', { code: 'invalid' }],
  ])('keeps the write where the error of %s is no error (%j)', (status, value) => {
    expect(judge({ status, error: value })).toMatchObject({ verdict: 'retry', error: { code: 'unknown' } });
  });

  it('shows the error of the verdict where the app failed to give one', () => {
    const fault = error('misconfigured');
    const outcome: Outcome = { status: 'rejected', error: error('invalid') };
    expect(judgeOutcome(outcome, () => ({ error: fault, verdict: 'retry' }))).toMatchObject({
      error: fault,
      verdict: 'retry',
    });
  });
});
