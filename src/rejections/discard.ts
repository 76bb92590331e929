import { ensureTables } from '../database/tables.ts';
import type { WritableDatabase } from './database.ts';
import { headOpId, isBehind } from './list.ts';
import { checkTheirs, ownerNow } from './owner.ts';

/**
 * Forgets rejected writes that the user is done with; keys that aren't listed are passed over.
 *
 * @returns how many there were.
 * @throws Error for one that is held, or on its way out of the queue: it would come back with the next upload. Release it
 * first, or wait until it is listed. UploadError
 * `owner_mismatch` for one that is not of who is signed in. Nothing is forgotten then. TypeError for a key that is no text.
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
  const head = await headOpId(database); // Not within the transaction; what has left the queue stays out of it.
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
        'it as rejected; if it is held, call releaseHeld() and connector.drain() first.',
    );
  });
}
