import type { CrudEntryLike } from '../database/database.ts';
import type { WritableDatabase } from './database.ts';
import { findRejected, isQueued } from './list.ts';
import { checkTheirs, ownerNow } from './owner.ts';
import { fail, writeAgain } from './write-again.ts';

/** Options of {@link retryRejected}. */
export interface RetryRejectedOptions {
  /** Returns the entry to write in place of the one it gets, or null to leave that one out. */
  readonly edit?:
    | ((entry: CrudEntryLike) => CrudEntryLike | null | Promise<CrudEntryLike | null>)
    | undefined;
}

/**
 * Writes a rejected transaction again as one new local transaction, with the user's edits, and removes it from the
 * list in that same transaction. PowerSync then uploads it like any other write: behind what is queued already, with an
 * idempotency key of its own.
 *
 * A PUT becomes `INSERT OR REPLACE`, a PATCH an `UPDATE`, a DELETE a `DELETE`, each with its metadata. It works both
 * before and after PowerSync has rolled the rejected values back, which it does with the next checkpoint.
 *
 * @throws Error, with nothing changed, when no rejected write has this key; when it is held, or about to leave the queue;
 * when the row of a PATCH or DELETE is gone; when a table or column no longer exists; when an entry can't be written.
 * UploadError `owner_mismatch` when it is not of who is signed in. TypeError when `edit` returns anything but an entry or
 * null.
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
  if (entries.length === 0) fail('edit() left nothing of it', 'discardRejected() removes it.');
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
    `No rejected write has the key ${JSON.stringify(key)}, so nothing was changed: it was retried or discarded already.`,
  );
}
