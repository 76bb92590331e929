import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import type { UploadError } from '../error/upload-error.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';

/** A transaction that the backend will not accept. */
export interface RejectedTransaction {
  /** Its idempotency key. */
  readonly key: string;
  readonly transactionId?: number | undefined;
  /** The raw queue entries, as they were before any transform, with previous values and metadata. */
  readonly entries: readonly CrudEntryLike[];
  readonly error: UploadError;
  /** Index in `entries` of the one at fault, from 0, if the backend said which. */
  readonly entryIndex?: number | undefined;
  /**
   * Indexes in `entries` of those that were applied anyway, if the transport doesn't apply a transaction as a whole.
   */
  readonly appliedEntries?: readonly number[] | undefined;
  /** The backend's own words. They may hold row data: don't log them. */
  readonly details?: unknown;
  /**
   * The backend may have applied the write anyway: an earlier try got no answer, or one that doesn't say (a 5xx, a bare
   * 404). Then this refusal may be about the replay.
   */
  readonly mayBeApplied?: boolean | undefined;
  /** The backend asks the app to decide (`requires_client_handling`). */
  readonly needsDecision: boolean;
  /**
   * The backend has already applied writes behind it, so it can't be held in front of them. If the policy holds it, it
   * is recorded as needing a decision and leaves the queue. If the app writes it again, it comes last, which is right.
   */
  readonly cannotWait?: boolean | undefined;
  /** The owner who wrote it; null if nobody was signed in, undefined if `setOwner()` had not been called yet. */
  readonly owner?: string | null | undefined;
}

/** What a rejection policy can use. */
export interface RejectionContext {
  /** The database that the transaction is queued in. */
  readonly database: ConnectorDatabase;
  /** The current time, in epoch milliseconds. */
  readonly now: number;
  /**
   * Aborted when the connector is closed (another connector may then send the write), and when `drainAndClear()` clears
   * the database. From then on the policy must not record anything.
   */
  readonly signal?: PlatformAbortSignal | undefined;
}

/**
 * Rejection policy: decides what happens to a rejected transaction.
 *
 * - `'complete'`: it leaves the queue. What is behind it is sent, and PowerSync rolls the local rows back.
 * - `'hold'`: it stays at the head of the queue, and everything behind it waits. While anything is queued, PowerSync
 *   applies no downloaded changes, so reads freeze too.
 *
 * If the policy throws or returns anything else, the transaction is held. If the app is killed before the transaction
 * has left the queue, the policy is called again with the same key, so it must be safe to repeat.
 *
 * @example
 * ```ts
 * import { record, type RejectionPolicy } from 'powersync-backend-connector';
 *
 * const keep = record();
 * export const tellSupport: RejectionPolicy = async (rejected, context) => {
 *   await fetch('/support/rejected', { method: 'POST', body: JSON.stringify({ key: rejected.key }) });
 *   return keep(rejected, context);
 * };
 * ```
 */
export type RejectionPolicy = (
  rejected: RejectedTransaction,
  context: RejectionContext,
) => 'complete' | 'hold' | Promise<'complete' | 'hold'>;
