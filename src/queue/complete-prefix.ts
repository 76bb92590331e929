import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import type { QueueHead } from './read-queue.ts';

type Transactions = readonly (readonly CrudEntryLike[])[];

/**
 * Returns the SDK handle that ends with the last entry of `sent`: the one the batch was read with, or a second one if
 * the batch is shorter. Null if it can't be read. Called while the request is in flight, it costs no time.
 */
export async function handleFor(
  database: ConnectorDatabase,
  { handle }: QueueHead,
  sent: Transactions,
): Promise<CrudBatchLike | null> {
  if (lastOpId([handle.crud]) === lastOpId(sent)) return handle;
  return database.getCrudBatch(countEntries(sent)).catch(() => null);
}

/**
 * Removes the `settled` transactions from the head of the queue. False if none of them is queued any more.
 *
 * `complete()` deletes by op id, so a handle that ends behind the last settled entry would remove writes that nobody
 * sent. And completing entries that are already gone (removed by another tab, or a cleared queue) stops downloads until
 * the next local write. So the head is read again, and only a handle that ends exactly at the last settled entry is
 * used.
 *
 * If another tab has removed some of the settled entries, the others are still removed: they are settled, and if they
 * were sent again, a backend without idempotency would apply them twice.
 *
 * @param handle A handle that should end at the last settled entry. If it doesn't, another one is read.
 */
export async function completePrefix(
  database: ConnectorDatabase,
  settled: Transactions,
  handle: CrudBatchLike | null,
): Promise<boolean> {
  const last = lastOpId(settled);
  const known = handle && lastOpId([handle.crud]) === last ? handle : null;
  const head = await database.getCrudBatch(known ? 1 : countEntries(settled));
  const first = head?.crud[0]?.clientId;
  const left = settled.flat().filter(({ clientId }) => first !== undefined && clientId >= first);
  if (!head || left[0]?.clientId !== first) return false;
  const ending = known ?? (lastOpId([head.crud]) === last ? head : await database.getCrudBatch(left.length));
  if (!ending || lastOpId([ending.crud]) !== last) {
    throw new UploadError(
      'unknown',
      'Something else removed queued writes during the upload. The others stay queued, and are tried again.',
    );
  }
  await ending.complete();
  return true;
}

export function countEntries(transactions: Transactions): number {
  return transactions.reduce((sum, { length }) => sum + length, 0);
}

/** Op id of the last entry of the transactions. */
export function lastOpId(transactions: Transactions): number {
  const last = transactions[transactions.length - 1];
  return last?.[last.length - 1]?.clientId ?? 0;
}
