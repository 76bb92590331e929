import type { CrudEntryLike } from '../database/database.ts';

/**
 * Batching strategy: decides how many of the queued transactions are sent in the next batch.
 *
 * It gets whole transactions from the head of the queue, each as its raw entries, and returns how many of them to send,
 * from 1 to all. A fraction is rounded down; a value below 1 fails the upload as `misconfigured`, and the writes stay
 * queued.
 *
 * It is offered 100 transactions at first, then one more than the last batch took, or four times as many if the batch
 * took all; but never more than 10,000 entries (except a single longer transaction), and never more transactions than
 * the backend could handle recently. The transport may send fewer than the strategy returns, if they don't fit into one
 * request.
 *
 * @example
 * ```ts
 * import type { BatchingStrategy } from 'powersync-backend-connector';
 *
 * // An order is sent alone, everything else in batches of twenty.
 * export const ordersAlone: BatchingStrategy = (queued) => {
 *   const order = queued.findIndex((entries) => entries.some((entry) => entry.table === 'orders'));
 *   return order < 0 ? Math.min(20, queued.length) : Math.max(1, order);
 * };
 * ```
 */
export type BatchingStrategy = (queued: readonly (readonly CrudEntryLike[])[]) => number;

/** Limits of one batch. */
export interface BatchingOptions {
  /**
   * Most transactions in one batch. The default is the limit of the reference write API.
   *
   * @default 50
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Most entries in one batch. A longer transaction is sent alone; it is never split.
   *
   * @default 20 * maxTransactions
   */
  readonly maxEntries?: number | undefined;
}

/** The default batching strategy: as many whole transactions as the bounds allow. */
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
