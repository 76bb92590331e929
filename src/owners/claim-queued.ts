import { optionChecks } from '../check-options.ts';
import type { ConnectorDatabase } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import { currentOwner, readBorders } from '../queue/owner-borders.ts';

/**
 * Gives the queued and rejected writes of one owner to the signed-in user. For example, writes from before the sign-up
 * (owner null) become part of the new account. Call it only if the user agreed. Queued writes are uploaded with the
 * SDK's next try, or at once with `connector.drain()`.
 *
 * @throws TypeError if nobody is signed in, if `from` is missing, or if it is the signed-in user. Nothing is changed then.
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
  options: { readonly from: string | null },
): Promise<void> {
  const from = options?.from;
  if (from !== null && typeof from !== 'string')
    optionChecks('claimQueued').wrong('from', 'the id of a user, or null', from);
  const owner = currentOwner(await readBorders(database));
  if (owner == null) throw new TypeError('claimQueued: nobody is signed in. Call setOwner() first.');
  if (from === owner) throw new TypeError('claimQueued: these writes already belong to the signed-in user.');
  for (const table of ['connector_owners', 'connector_rejected_writes']) {
    if (await hasTable(database, table))
      await database.execute(`UPDATE ${table} SET owner = ? WHERE owner IS ?`, [owner, from]);
  }
}
