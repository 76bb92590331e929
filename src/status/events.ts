import type { RefreshResult } from '../auth/token-cache.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import type { UploadStatus } from './upload-status.ts';

/**
 * One step of the upload path. The connector's `status` is already up to date when a listener is called. No event holds
 * a token, row data or the backend's words.
 */
export type UploadEvent =
  /**
   * The transport is called. `key` is the idempotency key of the first transaction, `attempt` the number of this try of
   * the head of the queue, from 1.
   */
  | {
      readonly type: 'attempt';
      readonly key: string;
      readonly transactions: number;
      readonly entries: number;
      readonly attempt: number;
    }
  /** The call of the transport ended. `code` is set if it failed. */
  | {
      readonly type: 'answer';
      readonly key: string;
      readonly transactions: number;
      readonly entries: number;
      readonly attempt: number;
      readonly durationMs: number;
      readonly code?: UploadErrorCode;
    }
  /** Transactions left the queue: how many were applied, and how many rejected. `key` is that of the first one. */
  | { readonly type: 'completed'; readonly key: string; readonly applied: number; readonly rejected: number }
  /** The rejection policy decided on one transaction: it leaves the queue (`complete`) or is held (`hold`). */
  | {
      readonly type: 'rejected';
      readonly key: string;
      readonly code: UploadErrorCode;
      readonly tables: readonly string[];
      readonly entryIndex: number | undefined;
      readonly decision: 'complete' | 'hold';
    }
  /**
   * An upload failed, so the head of the queue stays. It is tried again at `nextAttemptAt` (epoch milliseconds) or
   * later. `phase` says what it waits for. `stalledSince` (epoch milliseconds) is the first failure since the queue
   * last moved.
   */
  | {
      readonly type: 'failed';
      readonly code: UploadErrorCode;
      readonly message: string;
      readonly phase: UploadStatus['phase'];
      /** Failures since the queue last moved. */
      readonly failures: number;
      readonly nextAttemptAt: number;
      readonly stalledSince: number;
    }
  /**
   * The backend no longer accepts this version of the app (code `update_required`). Ask the user to update. The writes
   * stay queued until a newer version of the app sends them.
   */
  | { readonly type: 'update-required'; readonly status: number | undefined }
  /**
   * A token refresh ended: with a new token (`token`), with the token that was just refused (`unchanged`), with null
   * (`signed-out`), or because `credentials` threw or timed out (`failed`).
   */
  | { readonly type: 'token'; readonly result: RefreshResult; readonly durationMs: number }
  /**
   * The wait after a failure ended early: the device came online, somebody signed in, the owner changed, or
   * `resetBreaker()` was called.
   */
  | { readonly type: 'opened' }
  /** Only `status` changed. */
  | { readonly type: 'status' }
  /**
   * The breaker opened (`status.breaker` is `open`), because the backend refused too much. Each further refused
   * transaction is rejected only after six tries over ten minutes.
   */
  | { readonly type: 'breaker' }
  /** The queue became empty. */
  | { readonly type: 'drained' }
  /** The connector was closed. */
  | { readonly type: 'closed' };
