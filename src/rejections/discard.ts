import { ensureTables } from '../database/tables.ts';
import type { WritableDatabase } from './database.ts';
import { headOpId, isBehind } from './list.ts';
import { checkTheirs, ownerNow } from './owner.ts';

/**
 * Removes rejected writes from the list, for good. Unknown keys are ignored.
 *
 * @returns the number of writes that were removed.
 * @throws Error if one of them has not left the queue: it would come back with the next upload. If it is held, call
 * `releaseHeld()` first; if not, wait until it is listed. UploadError `owner_mismatch` if one of them was not written
 * by the signed-in user. TypeError for a key that is not a string. Nothing is removed then.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { discardRejected, listRejected } from 'powersync-backend-connector/rejections';
 *
 * export async function discardOld(db: PowerSyncDatabase, before: Date) {
 *   const old = (await listRejected(db)).filter(({ state, rejectedAt }) => state === 'rejected' && rejectedAt < before);
 *   await discardRejected(db, old.map(({ key }) => key));
 * }
 * ```
 */
export async function discardRejected(
  database: WritableDatabase,
  keys: string | readonly string[],
): Promise<number> {
  const list = typeof keys === 'string' ? [keys] : keys;
  if (!Array.isArray(list) || !list.every((key) => typeof key === 'string'))
    throw new TypeError('discardRejected() takes a key, or a list of keys.');
  await ensureTables(database);
  const parameters = [JSON.stringify(list)];
  const head = await headOpId(database); // Safe to read early: what has left the queue never comes back.
  return database.writeTransaction(async (transaction) => {
    const gone = await transaction.getAll<{ key: string; state: string; owner: string | null }>(
      `DELETE FROM connector_rejected_writes WHERE key IN (SELECT value FROM json_each(?)) RETURNING key, state, owner`,
      parameters,
    );
    const now = await ownerNow(transaction);
    for (const write of gone) checkTheirs(now, write);
    if (gone.every(({ key, state }) => state === 'rejected' && !isBehind(key, head))) return gone.length;
    throw new Error(
      'A write that has not left the upload queue would come back, so nothing was discarded. Wait until listRejected() lists ' +
        'it as rejected. If it is held, call releaseHeld() and connector.drain() first.',
    );
  });
}
