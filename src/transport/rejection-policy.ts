import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import type { UploadError } from '../error/upload-error.ts';
import type { PlatformAbortSignal } from './platform.ts';

/** A transaction that the backend will not take. */
export interface RejectedTransaction {
  /** Its idempotency key. */
  readonly key: string;
  readonly transactionId?: number | undefined;
  /** The raw queue entries, as they were before any `transform`, with previous values and metadata. */
  readonly entries: readonly CrudEntryLike[];
  readonly error: UploadError;
  /** Which of `entries` is at fault, where the backend said so. */
  readonly entryIndex?: number | undefined;
  /** Which of `entries` were applied all the same, where the transport doesn't apply a transaction as a whole. */
  readonly appliedEntries?: readonly number[] | undefined;
  /** The backend's own words. May hold row data: don't log them. */
  readonly details?: unknown;
  /**
   * The write may have been applied all the same: an earlier try got no answer, or one that tells nothing (a 5xx, a bare
   * 404), and this refusal may be about the replay.
   */
  readonly mayBeApplied?: boolean | undefined;
  /** The backend asks the app to decide (`requires_client_handling`). */
  readonly needsDecision: boolean;
  /**
   * The backend has applied writes behind it already, so it can't be kept in front of them: if the policy holds, it is
   * recorded as needing a decision, and leaves the queue. Written again it comes last, which is right.
   */
  readonly cannotWait?: boolean | undefined;
  /** Who wrote it: the owner `setOwner()` had named, null for signed out; undefined where it was never called. */
  readonly owner?: string | null | undefined;
}

export interface RejectionContext {
  readonly database: ConnectorDatabase;
  /** Epoch milliseconds. */
  readonly now: number;
  /**
   * Aborted once the connector is closed, since another one may send the write then, and once the database is being cleared
   * (`drainAndClear()`): nothing may be recorded any more.
   */
  readonly signal?: PlatformAbortSignal | undefined;
}

/**
 * Decides what becomes of a rejected transaction: `'complete'` lets it leave the queue, so that what is behind it goes
 * on and PowerSync rolls the local rows back; `'hold'` keeps it at the head, and everything behind it waits. While
 * anything is queued, PowerSync applies no downloaded changes: a held transaction freezes reads too.
 *
 * Called again for the same key if the app is killed before the queue has moved, so it must be safe to repeat. A policy
 * that throws, or answers anything else, holds.
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
