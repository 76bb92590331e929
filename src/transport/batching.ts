import type { CrudEntryLike } from '../database/database.ts';

/**
 * Decides how many of the queued transactions travel in the next batch.
 *
 * Gets whole transactions from the head of the queue, each as its raw entries, and returns how many of them to send,
 * from 1 to all. It is offered 100 at first, then one more than the last batch took, or four times as many after a batch
 * that took all, 10,000 entries at most; and no more than the backend has recently coped with. Fewer than it returns are
 * sent where the transport can't fit them into one request.
 *
 * @example
 * ```ts
 * import type { BatchingStrategy } from 'powersync-backend-connector';
 *
 * // An order travels alone, everything else by the twenty.
 * export const ordersAlone: BatchingStrategy = (queued) => {
 *   const order = queued.findIndex((entries) => entries.some((entry) => entry.table === 'orders'));
 *   return order < 0 ? Math.min(20, queued.length) : Math.max(1, order);
 * };
 * ```
 */
export type BatchingStrategy = (queued: readonly (readonly CrudEntryLike[])[]) => number;

/** Bounds of a batch. */
export interface BatchingOptions {
  /** Whole transactions in one batch. Default 50, which is what the reference write API takes. */
  readonly maxTransactions?: number | undefined;
  /** Entries in one batch; a longer transaction travels alone, never split. Default 20 for each transaction. */
  readonly maxEntries?: number | undefined;
}

/** The default strategy: as many whole transactions as the bounds allow. */
export function withinBounds({
  maxTransactions = 50,
  maxEntries = maxTransactions * 20,
}: BatchingOptions = {}): BatchingStrategy {
  return (queued) => {
    let entries = 0;
    let count = 0;
    for (const transaction of queued) {
      entries += transaction.length;
      if (count > 0 && (count >= maxTransactions || entries > maxEntries)) break;
      count++;
    }
    return count;
  };
}
