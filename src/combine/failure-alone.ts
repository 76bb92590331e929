import { defaultVerdict } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Outcome } from '../transport/outcome.ts';

/** What became of something that was not applied. */
export type Failure = Exclude<Outcome, { readonly status: 'applied' | 'not_attempted' }>;

/**
 * What was thrown by a request that held one transaction only, as that transaction's outcome, so that the batch around
 * it need not be bisected. Throws what has to end the whole call: a refused token, an abort.
 */
export function failureAlone(thrown: unknown): Failure {
  const error = UploadError.from(thrown);
  const { code } = error;
  if (code === 'aborted' || code === 'unauthenticated' || code === 'owner_mismatch') throw error;
  const refused = defaultVerdict(code) === 'reject' || defaultVerdict(code) === 'ambiguous';
  return { status: refused ? 'rejected' : 'retry', error, inBand: false };
}
