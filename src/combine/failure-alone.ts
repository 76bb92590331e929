import { defaultVerdict } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Outcome } from '../transport/outcome.ts';

/** The outcome of something that was not applied. */
export type Failure = Extract<Outcome, { readonly error: unknown }>;

/**
 * Turns the error of a request that held only one transaction into the outcome of that transaction, so that the batch
 * doesn't have to be bisected. Rethrows errors that have to end the whole call: a refused token, another owner, an
 * abort.
 */
export function failureAlone(thrown: unknown): Failure {
  const error = UploadError.from(thrown);
  const { code } = error;
  if (code === 'aborted' || code === 'unauthenticated' || code === 'owner_mismatch') throw error;
  const refused = defaultVerdict(code) === 'reject' || defaultVerdict(code) === 'ambiguous';
  return { status: refused ? 'rejected' : 'retry', error, inBand: false };
}
