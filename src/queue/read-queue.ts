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
 * that is longer than the limit is read again as far as it goes.
 *
 * @param isLast Tells whether the last entry that was read is seen to be the last of its transaction. Asked after each read.
 */
export async function readQueue(
  database: ConnectorDatabase,
  limit: number,
  isLast: (entry: CrudEntryLike) => Promise<boolean> = async () => false,
): Promise<QueueHead | null> {
  for (let size = limit; ; ) {
    const handle = await database.getCrudBatch(size);
    const last = handle?.crud[handle.crud.length - 1];
    if (!handle || !last) return null;
    const transactions = groupTransactions(handle.crud);
    const isWhole = (await isLast(last)) || !handle.haveMore || last.transactionId == null;
    if (isWhole || transactions.length > 1)
      return { transactions: isWhole ? transactions : transactions.slice(0, -1), handle };
    size += await countRest(database, last, 3 * size);
  }
}

/**
 * How many entries of its transaction follow this one, at least 1. Only a hint, since the reader looks for the end itself:
 * where the SDK's own table can't be asked, a guess does.
 */
async function countRest(
  database: ConnectorDatabase,
  { clientId, transactionId }: CrudEntryLike,
  guess: number,
): Promise<number> {
  const sql = `SELECT count(*) AS entries FROM ps_crud WHERE id > ? AND id < coalesce((SELECT id FROM ps_crud
WHERE id > ? AND tx_id IS NOT ? ORDER BY id LIMIT 1), 9e18)`;
  try {
    const [rest] = await database.getAll<{ entries?: unknown }>(sql, [clientId, clientId, transactionId]);
    return typeof rest?.entries === 'number' ? Math.max(1, rest.entries) : guess;
  } catch {
    return guess;
  }
}
