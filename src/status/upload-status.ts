import type { UploadError } from '../error/upload-error.ts';

/** What the upload path is doing, as an immutable snapshot: a new object whenever something changed. */
export interface UploadStatus {
  /**
   * - `idle`: nothing is queued, or nothing was tried yet.
   * - `uploading`: a batch is on its way.
   * - `waiting`: an upload failed; the next try is at `nextAttemptAt` or later.
   * - `needs-auth`: the same, because nobody is signed in or the token is refused.
   * - `owner-mismatch`: the head of the queue was written by somebody else than who is signed in (see `setOwner()`).
   * - `held`: the head of the queue waits for a decision, or for the app and the backend to fit again.
   * - `closed`: `close()` was called.
   */
  readonly phase: 'idle' | 'uploading' | 'waiting' | 'needs-auth' | 'owner-mismatch' | 'held' | 'closed';
  /** Entries in the upload queue when it was last looked at; undefined before that. */
  readonly queuedEntries: number | undefined;
  readonly inFlight:
    | { readonly transactions: number; readonly entries: number; readonly attempt: number }
    | undefined;
  /** The last failure; undefined once the queue moved again. */
  readonly lastError: UploadError | undefined;
  /** Epoch milliseconds before which nothing is sent; undefined when nothing keeps it. */
  readonly nextAttemptAt: number | undefined;
  /** Epoch milliseconds since which the head of the queue has not moved in spite of tries. */
  readonly stalledSince: number | undefined;
  /**
   * `open` while the backend refuses so much that its refusals have to be confirmed, over ten minutes each, before they
   * are believed. Kept over restarts; known once an upload has begun.
   */
  readonly breaker: 'closed' | 'open';
  readonly counters: UploadCounters;
}

/** Counts since the connector was made. */
export interface UploadCounters {
  /** Calls of the transport. */
  readonly attempts: number;
  /** Transactions. */
  readonly applied: number;
  /** Transactions that left the queue rejected. */
  readonly rejected: number;
  /** Uploads that ended in an error. */
  readonly failures: number;
  readonly tokenRefreshes: number;
}

export const INITIAL_STATUS: UploadStatus = {
  phase: 'idle',
  queuedEntries: undefined,
  inFlight: undefined,
  lastError: undefined,
  nextAttemptAt: undefined,
  stalledSince: undefined,
  breaker: 'closed',
  counters: { attempts: 0, applied: 0, rejected: 0, failures: 0, tokenRefreshes: 0 },
};
