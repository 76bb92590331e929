import type { UploadError } from '../error/upload-error.ts';

/** What the upload path is doing, as a frozen snapshot: each change makes a new object. */
export interface UploadStatus {
  /**
   * - `idle`: nothing is queued, or nothing was tried yet.
   * - `uploading`: a batch is being sent.
   * - `waiting`: an upload failed. The next try is at `nextAttemptAt` or later.
   * - `needs-auth`: the same, because nobody is signed in or the token was refused.
   * - `owner-mismatch`: the head of the queue was not written by the signed-in user (see `setOwner()`).
   * - `held`: the head of the queue waits for a decision of the app, or for an update of the app or the backend.
   * - `closed`: `close()` was called.
   */
  readonly phase: 'idle' | 'uploading' | 'waiting' | 'needs-auth' | 'owner-mismatch' | 'held' | 'closed';
  /** Number of entries in the upload queue, updated while uploads go on; undefined before the first upload. */
  readonly queuedEntries: number | undefined;
  /** The batch that is being sent, and the number of its try, from 1; undefined if none is being sent. */
  readonly inFlight:
    | { readonly transactions: number; readonly entries: number; readonly attempt: number }
    | undefined;
  /** The last failure; undefined once the queue has moved again. */
  readonly lastError: UploadError | undefined;
  /** Nothing is sent before this time (epoch milliseconds); undefined if there is nothing to wait for. */
  readonly nextAttemptAt: number | undefined;
  /** Time of the first failure since the queue last moved (epoch milliseconds); undefined if there was none. */
  readonly stalledSince: number | undefined;
  /**
   * `open` while the backend refuses too much to be trusted: then a refused transaction is rejected only after six
   * tries over ten minutes. Survives restarts of the app; read when the first upload begins.
   */
  readonly breaker: 'closed' | 'open';
  /** Counts since the connector was created. */
  readonly counters: UploadCounters;
}

/** Counts since the connector was created. */
export interface UploadCounters {
  /** Calls of the transport. */
  readonly attempts: number;
  /** Transactions that the backend applied and that left the queue. */
  readonly applied: number;
  /** Transactions that left the queue rejected. */
  readonly rejected: number;
  /** Uploads that failed. Uploads that were aborted on request don't count. */
  readonly failures: number;
  /** Token refreshes, whether they succeeded or not. */
  readonly tokenRefreshes: number;
}

export const INITIAL_STATUS: UploadStatus = Object.freeze({
  phase: 'idle',
  queuedEntries: undefined,
  inFlight: undefined,
  lastError: undefined,
  nextAttemptAt: undefined,
  stalledSince: undefined,
  breaker: 'closed',
  counters: Object.freeze({ attempts: 0, applied: 0, rejected: 0, failures: 0, tokenRefreshes: 0 }),
});
