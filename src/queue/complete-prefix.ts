import type { ConnectorDatabase, CrudEntryLike } from './database.ts';
import type { QueueHead } from './read-queue.ts';

/**
 * Removes the first `count` transactions of `head` from the queue; false if they are no longer its head.
 *
 * Two faults of a hasty completion are kept out. `complete()` deletes by op id, so a handle that ends elsewhere than at
 * the last settled entry would remove writes nobody sent. And a completion of entries already gone (another tab, a
 * cleared queue) stops downloads until the next local write. Hence: look at the head again, and use only a handle that
 * ends at exactly the last settled entry.
 */
export async function completePrefix(
  database: ConnectorDatabase,
  head: QueueHead,
  count: number,
): Promise<boolean> {
  const settled = head.transactions.slice(0, count).flat();
  const wholeHandle = settled.length === head.handle.crud.length;
  const fresh = await database.getCrudBatch(wholeHandle ? 1 : settled.length);
  if (!fresh || opId(fresh.crud[0]) !== opId(settled[0])) return false;
  if (wholeHandle) {
    await head.handle.complete();
    return true;
  }
  if (opId(fresh.crud[fresh.crud.length - 1]) !== opId(settled[settled.length - 1])) return false;
  await fresh.complete();
  return true;
}

function opId(entry: CrudEntryLike | undefined): number | undefined {
  return entry?.clientId;
}
