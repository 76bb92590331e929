import type { CrudEntryLike } from '../database/database.ts';
import type { Verdict } from '../error/codes.ts';
import type { UploadError } from '../error/upload-error.ts';
import type { UploadTransaction } from '../queue/transaction.ts';

/** One queued transaction on its way through an upload. */
export interface Item {
  /** Its entries as they are queued. */
  readonly raw: readonly CrudEntryLike[];
  /** As it is sent: with its key, and after the app's transforms. */
  readonly transaction: UploadTransaction;
  /**
   * What is known of it without sending: `skipped` has nothing to send, `recorded` was rejected for good by an earlier
   * call, which did not get to completing it.
   */
  readonly known?: { readonly status: 'skipped' | 'recorded' } | Failed | undefined;
  /** It is listed among the rejected writes, though its fate isn't decided: it was held. */
  readonly isListed?: boolean | undefined;
}

/** What is known of a transaction after sending, with the verdict on its failure. */
export type Delivered = { readonly status: 'applied' | 'not_attempted' } | Failed;

export interface Failed {
  readonly status: 'failed';
  readonly error: UploadError;
  readonly verdict: Verdict;
  /** Said of this transaction in the contract's form, not read from the refusal of a whole request. */
  readonly inBand: boolean;
  readonly entryIndex?: number | undefined;
  readonly appliedEntries?: readonly number[] | undefined;
  readonly details?: unknown;
  readonly needsDecision?: boolean | undefined;
}

/** Why a transaction stays at the head of the queue. */
export interface Stop {
  readonly error: UploadError;
  /** It waits for the app, not for time. */
  readonly hold: boolean;
  /** Milliseconds after which it is tried again at the latest, where a back-off would take longer. */
  readonly withinMs?: number | undefined;
}
