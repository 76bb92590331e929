import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from './database.ts';
import { groupTransactions } from './transaction.ts';

/** Whole transactions from the head of the queue. */
export interface QueueHead {
  readonly transactions: readonly (readonly CrudEntryLike[])[];
  /** The SDK's handle behind them; it may reach further than `transactions` do. */
  readonly handle: CrudBatchLike;
}

/**
 * Reads whole transactions from the head of the queue, about `limit` entries of them; null when the queue is empty.
 *
 * `getCrudBatch()` knows nothing of transaction borders, so the last one is held back while more entries follow. One
 * that is longer than the limit is read again with twice the limit, until its end is seen.
 */
export async function readQueue(database: ConnectorDatabase, limit: number): Promise<QueueHead | null> {
  for (let size = limit; ; size *= 2) {
    const handle = await database.getCrudBatch(size);
    const last = handle?.crud[handle.crud.length - 1];
    if (!handle || !last) return null;
    const transactions = groupTransactions(handle.crud);
    const mayGoOn = handle.haveMore && last.transactionId != null;
    if (mayGoOn && transactions.length === 1) continue;
    return { transactions: mayGoOn ? transactions.slice(0, -1) : transactions, handle };
  }
}
