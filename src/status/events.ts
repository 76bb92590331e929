import type { RefreshResult } from '../auth/token-cache.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import type { UploadStatus } from './upload-status.ts';

/**
 * One step of the upload path. No event holds a token, row data or words of the backend. `status` of the connector is
 * up to date when a listener is called.
 */
export type UploadEvent =
  /** The transport is called. */
  | {
      readonly type: 'attempt';
      readonly key: string;
      readonly transactions: number;
      readonly entries: number;
      readonly attempt: number;
    }
  /** The transport answered; `code` tells of a failure. */
  | {
      readonly type: 'answer';
      readonly key: string;
      readonly transactions: number;
      readonly entries: number;
      readonly attempt: number;
      readonly durationMs: number;
      readonly code?: UploadErrorCode;
    }
  /** Transactions left the queue. */
  | { readonly type: 'completed'; readonly key: string; readonly applied: number; readonly rejected: number }
  /** The rejection policy decided on one transaction. */
  | {
      readonly type: 'rejected';
      readonly key: string;
      readonly code: UploadErrorCode;
      readonly tables: readonly string[];
      readonly entryIndex: number | undefined;
      readonly decision: 'complete' | 'hold';
    }
  /**
   * The head of the queue stays, and is tried again at `nextAttemptAt` (epoch milliseconds) or later. `phase` tells what
   * it waits for, `stalledSince` (epoch milliseconds) since when it has not moved.
   */
  | {
      readonly type: 'failed';
      readonly code: UploadErrorCode;
      readonly message: string;
      readonly phase: UploadStatus['phase'];
      /** Failures in a row. */
      readonly failures: number;
      readonly nextAttemptAt: number;
      readonly stalledSince: number;
    }
  /**
   * The backend doesn't take this version of the app any more (code `update_required`): ask the user to update. The writes
   * stay queued, and go out once a version that fits sends them.
   */
  | { readonly type: 'update-required'; readonly status: number | undefined }
  /** A refresh of the token ended; `unchanged`: `credentials` returned the token that had just been refused. */
  | { readonly type: 'token'; readonly result: RefreshResult; readonly durationMs: number }
  /** The gate opened before its time: the device came online, somebody signed in, or `resetBreaker()` was called. */
  | { readonly type: 'opened' }
  /** Only `status` changed. */
  | { readonly type: 'status' }
  /** Refusals came one after another, and `status.breaker` is `open`: each further one has to be confirmed. */
  | { readonly type: 'breaker' }
  /** The queue is empty. */
  | { readonly type: 'drained' }
  | { readonly type: 'closed' };
