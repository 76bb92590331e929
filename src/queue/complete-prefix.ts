import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import type { QueueHead } from './read-queue.ts';

type Transactions = readonly (readonly CrudEntryLike[])[];

/**
 * The handle that ends with the last entry of `sent`: the one that was read, or a second one for a shorter batch. Asked
 * for while the request is in flight, it costs no time. Null if it can't be had.
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
 * Removes the `settled` transactions from the head of the queue; false if none of them is there any more.
 *
 * Two faults of a hasty completion are kept out. `complete()` deletes by op id, so a handle that ends elsewhere than at
 * the last settled entry would remove writes nobody sent. And a completion of entries already gone (another tab, a
 * cleared queue) stops downloads until the next local write. Hence: look at the head again, and use only a handle that
 * ends at exactly the last settled entry. Where another tab has removed the first of them, the others still leave:
 * they are settled, and were they sent again, a backend without idempotency would apply them twice.
 *
 * @param handle One that probably ends there; else another is read.
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
      'Something else removed queued writes during the upload. It is tried again.',
    );
  }
  await ending.complete();
  return true;
}

export function countEntries(transactions: Transactions): number {
  return transactions.reduce((sum, { length }) => sum + length, 0);
}

/** Where transactions end. */
export function lastOpId(transactions: Transactions): number {
  const last = transactions[transactions.length - 1];
  return last?.[last.length - 1]?.clientId ?? 0;
}
