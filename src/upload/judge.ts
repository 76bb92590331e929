import { isTokenFailure } from '../auth/token-failure.ts';
import { defaultVerdict, type Verdict } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Delivered, Failed } from './item.ts';

/** Gives the verdict on a failure, and the error to show for it; asked once for each. Never throws. */
export type Judge = (
  error: UploadError,
  inBand: boolean,
  details?: unknown,
) => { readonly error: UploadError; readonly verdict: Verdict };

const VERDICTS: readonly Verdict[] = ['retry', 'reject', 'ambiguous', 'hold'];

/** The verdict on a failure: the app's, or else the default. */
export function judgeWith({ classify }: Pick<ResolvedOptions, 'classify'>): Judge {
  return (error, inBand, details) => {
    const { code, status } = error;
    // None of them says anything of the write.
    if (code === 'aborted' || code === 'unauthenticated' || isTokenFailure(error))
      return { error, verdict: 'retry' };
    try {
      const verdict = classify({ code, status, error, details, inBand }) ?? defaultVerdict(code);
      if (VERDICTS.includes(verdict)) return { error, verdict };
      throw new UploadError('misconfigured', 'classify() returned something that is no verdict.');
    } catch (thrown) {
      return { error: UploadError.from(thrown), verdict: 'retry' };
    }
  };
}

/** Judges what was thrown in place of an answer. */
export function judgeThrown(thrown: unknown, judge: Judge): Failed {
  return { status: 'failed', ...judge(UploadError.from(thrown), false), inBand: false };
}

/** Judges what a transport reported of one transaction. */
export function judgeOutcome(outcome: Outcome, judge: Judge): Delivered {
  if (outcome.status === 'applied' || outcome.status === 'not_attempted') return { status: outcome.status };
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
