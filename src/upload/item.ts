import type { CrudEntryLike } from '../database/database.ts';
import type { Verdict } from '../error/codes.ts';
import type { UploadError } from '../error/upload-error.ts';
import type { UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';

/** One queued transaction on its way through an upload. */
export interface Item {
  /** Its entries as they are queued, before any transform. */
  readonly raw: readonly CrudEntryLike[];
  /** The transaction as it is sent: with its key, and after the app's transforms. */
  readonly transaction: UploadTransaction;
  /**
   * Set if it isn't sent. `skipped`: the transforms left nothing to send. `recorded`: an earlier call rejected it, but
   * did not complete it. `failed`: a transform failed, or the rejection policy hasn't answered yet.
   */
  readonly known?: { readonly status: 'skipped' | 'recorded' } | Failed | undefined;
  /** True if it is listed among the rejected writes as held or released: it may still be applied. */
  readonly isListed?: boolean | undefined;
}

/** A transaction that was sent, and what the transport says about it. */
export interface Answered {
  readonly item: Item;
  readonly outcome: Outcome;
}

/** Gives each transaction its outcome. A transport lists them in the order in which it got the transactions. */
export function pair(items: readonly Item[], outcomes: readonly Outcome[]): readonly Answered[] {
  return items.flatMap((item, index) => {
    const outcome = outcomes[index];
    return outcome ? [{ item, outcome }] : [];
  });
}

/** Outcome of a transaction, with the verdict if it failed. */
export type Delivered = { readonly status: 'applied' | 'skipped' | 'not_attempted' } | Failed;

export interface Failed {
  readonly status: 'failed';
  readonly error: UploadError;
  readonly verdict: Verdict;
  /** True if the backend said so about this transaction in its contract's form; false if a whole request failed. */
  readonly inBand: boolean;
  readonly entryIndex?: number | undefined;
  readonly appliedEntries?: readonly number[] | undefined;
  readonly details?: unknown;
  readonly needsDecision?: boolean | undefined;
}

/** Why a transaction stays at the head of the queue. */
export interface Stop {
  readonly error: UploadError;
  /** True if it waits for a decision or a new version of the app, not just for time. */
  readonly hold: boolean;
  /** Milliseconds after which it is tried again at the latest, even if the back-off is longer. */
  readonly withinMs?: number | undefined;
}
