import { isTokenFailure } from '../auth/token-failure.ts';
import { defaultVerdict, type Verdict } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Delivered, Failed } from './item.ts';

/** Gives the verdict on a failure, and the error to show. Called once for each failure. Never throws. */
export type Judge = (
  error: UploadError,
  inBand: boolean,
  details?: unknown,
) => { readonly error: UploadError; readonly verdict: Verdict };

const VERDICTS: readonly Verdict[] = ['retry', 'reject', 'ambiguous', 'hold'];

/** Takes the verdict of the app's `classify`, or else the default one. */
export function judgeWith({ classify }: Pick<ResolvedOptions, 'classify'>): Judge {
  return (error, inBand, details) => {
    const { code, status } = error;
    // These say nothing about the write.
    if (code === 'aborted' || code === 'unauthenticated' || isTokenFailure(error))
      return { error, verdict: 'retry' };
    try {
      const verdict = classify({ code, status, error, details, inBand }) ?? defaultVerdict(code);
      if (VERDICTS.includes(verdict)) return { error, verdict };
      throw new UploadError(
        'misconfigured',
        'classify() must return a verdict or undefined. The writes stay queued.',
      );
    } catch (thrown) {
      return { error: UploadError.from(thrown), verdict: 'retry' };
    }
  };
}

/** Judges an error that was thrown instead of an answer. */
export function judgeThrown(thrown: unknown, judge: Judge): Failed {
  return { status: 'failed', ...judge(UploadError.from(thrown), false), inBand: false };
}

/** Judges the outcome that a transport reported for one transaction. */
export function judgeOutcome(outcome: Outcome, judge: Judge): Delivered {
  if (outcome.status !== 'retry' && outcome.status !== 'rejected') return { status: outcome.status };
  const error = UploadError.from(outcome.error);
  const { inBand = true } = outcome;
  if (outcome.status === 'retry') {
    const verdict = defaultVerdict(error.code) === 'hold' ? 'hold' : 'retry';
    return { status: 'failed', inBand, ...(inBand ? { error, verdict } : judge(error, false)) };
  }
  const { entryIndex, appliedEntries, details, needsDecision } = outcome;
  const said = { entryIndex, appliedEntries, details, needsDecision };
  return { status: 'failed', inBand, ...said, ...judge(error, inBand, details) };
}
