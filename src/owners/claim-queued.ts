import type { ConnectorDatabase } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import { currentOwner, readBorders } from '../queue/owner-borders.ts';

/**
 * Makes the queued and the rejected writes of one owner those of who is signed in now: what was written before signing up
 * (owner null) becomes part of the new account, say. Call it only when the user agreed. Queued ones are uploaded by the
 * SDK's next try, or at once by `connector.drain()`.
 *
 * @throws TypeError if nobody is signed in, or if `from` is who is signed in.
 *
 * @example
 * ```ts
 * import type { BackendConnector } from 'powersync-backend-connector';
 * import { claimQueued } from 'powersync-backend-connector/owners';
 * import type { PowerSyncDatabase } from '@powersync/web';
 *
 * export async function signedUp(db: PowerSyncDatabase, connector: BackendConnector, userId: string) {
 *   await connector.setOwner(db, userId);
 *   await claimQueued(db, { from: null });
 * }
 * ```
 */
export async function claimQueued(
  database: ConnectorDatabase,
  { from }: { readonly from: string | null },
): Promise<void> {
  const owner = currentOwner(await readBorders(database));
  if (owner == null) throw new TypeError('claimQueued: nobody is signed in; call setOwner() first.');
  if (from === owner) throw new TypeError('claimQueued: these writes are already those of who is signed in.');
  for (const table of ['connector_owners', 'connector_rejected_writes']) {
    if (await hasTable(database, table))
      await database.execute(`UPDATE ${table} SET owner = ? WHERE owner IS ?`, [owner, from]);
  }
}
