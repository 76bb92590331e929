import type { WritableDatabase } from './database.ts';
import { findRejected } from './list.ts';
import { checkTheirs, ownerNow } from './owner.ts';
import type { RejectionPolicy } from './policy.ts';
import { record } from './record.ts';

/**
 * A rejection policy that holds: the transaction is recorded, and stays at the head of the queue until the backend
 * accepts it or {@link releaseHeld} is called. Everything behind it waits, **and PowerSync applies no downloaded
 * changes in that time**: reads freeze too. Use it only if going on would be worse, and ask the user at once.
 *
 * @example
 * ```ts
 * import { byTable, hold } from 'powersync-backend-connector/rejections';
 *
 * export const rejections = byTable({ payments: hold() });
 * ```
 */
export function hold(): RejectionPolicy {
  const keep = record();
  return (rejected, context) => keep({ ...rejected, needsDecision: true }, context);
}

/**
 * Releases a held transaction. It is sent once more: if the backend refuses it again, it leaves the queue and is listed
 * as `rejected`; if the backend accepts it, it is no longer listed. Call `connector.drain(db)` afterwards, so that this
 * happens at once.
 *
 * @throws Error if no write with this key is held. UploadError `owner_mismatch` if it was not written by the signed-in
 * user. Nothing is changed then.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import type { BackendConnector } from 'powersync-backend-connector';
 * import { releaseHeld } from 'powersync-backend-connector/rejections';
 *
 * export async function giveUp(db: PowerSyncDatabase, connector: BackendConnector, key: string) {
 *   await releaseHeld(db, key);
 *   await connector.drain(db);
 * }
 * ```
 */
export async function releaseHeld(database: WritableDatabase, key: string): Promise<void> {
  const write = await findRejected(database, key);
  if (write) checkTheirs(await ownerNow(database), write);
  if (!write || write.state === 'rejected') {
    throw new Error(
      `No held write has the key ${JSON.stringify(key)}, so nothing was changed. listRejected() lists what is held.`,
    );
  }
  await database.writeTransaction(async (transaction) => {
    checkTheirs(await ownerNow(transaction), write);
    await transaction.execute(
      "UPDATE connector_rejected_writes SET state = 'released' WHERE key = ? AND state = 'held'",
      [key],
    );
  });
}
