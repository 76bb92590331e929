import type { CrudEntryLike } from '../database/database.ts';
import type { WritableDatabase } from './database.ts';
import { findRejected, isQueued } from './list.ts';
import { checkTheirs, ownerNow } from './owner.ts';
import { fail, writeAgain } from './write-again.ts';

/** Options of {@link retryRejected}. */
export interface RetryRejectedOptions {
  /**
   * Returns the entry to write instead of the given one, or null to leave it out.
   *
   * @default every entry is written unchanged
   */
  readonly edit?:
    | ((entry: CrudEntryLike) => CrudEntryLike | null | Promise<CrudEntryLike | null>)
    | undefined;
}

/**
 * Writes a rejected transaction again as one new local transaction, with the user's edits, and removes it from the list
 * in the same transaction. It is then uploaded like any other write: behind what is already queued, with its own
 * idempotency key.
 *
 * A PUT becomes `INSERT OR REPLACE`, a PATCH becomes `UPDATE`, a DELETE becomes `DELETE`, each with its metadata. It
 * works before and after PowerSync has rolled the rejected values back, which happens with the next checkpoint.
 *
 * @throws Error if no rejected write has this key; if it is held or has not left the queue yet; if the row of a PATCH
 * or DELETE is gone; if a table or column no longer exists; if an entry can't be written; or if `edit` leaves no entry.
 * UploadError `owner_mismatch` if it was not written by the signed-in user. TypeError if `edit` returns anything but an
 * entry or null. Nothing is changed then, and the write stays listed.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { retryRejected } from 'powersync-backend-connector/rejections';
 *
 * export async function rename(db: PowerSyncDatabase, key: string, name: string) {
 *   await retryRejected(db, key, {
 *     edit: (entry) => ({ ...entry, opData: { ...entry.opData, name } }),
 *   });
 * }
 * ```
 */
export async function retryRejected(
  database: WritableDatabase,
  key: string,
  { edit = (entry) => entry }: RetryRejectedOptions = {},
): Promise<void> {
  const write = await findRejected(database, key);
  if (!write) unknownKey(key);
  checkTheirs(await ownerNow(database), write);
  if (write.state !== 'rejected') {
    fail('it is held at the head of the upload queue', 'Call releaseHeld() and connector.drain() first.');
  }
  if (await isQueued(database, key)) {
    fail('it has not left the upload queue yet', 'Wait until listRejected() lists it.');
  }
  if (write.entriesText !== undefined) {
    fail('its entries cannot be read', 'exportRejected() has their text; discardRejected() removes it.');
  }
  const entries: CrudEntryLike[] = [];
  for (const entry of write.entries) {
    const edited: unknown = await edit(entry);
    if (typeof edited !== 'object')
      throw new TypeError('retryRejected(): edit() must return an entry, or null.');
    if (edited) entries.push(edited as CrudEntryLike);
  }
  if (entries.length === 0) fail('edit() left no entry', 'discardRejected() removes it.');
  await database.writeTransaction(async (transaction) => {
    checkTheirs(await ownerNow(transaction), write);
    const removed = await transaction.getAll(
      "DELETE FROM connector_rejected_writes WHERE key = ? AND state = 'rejected' RETURNING key",
      [key],
    );
    if (removed.length === 0) unknownKey(key); // another tab was faster
    await writeAgain(transaction, database.schema, entries);
  });
}

function unknownKey(key: string): never {
  throw new Error(
    `No rejected write has the key ${JSON.stringify(key)}, so nothing was changed. It may have been retried or discarded already.`,
  );
}
