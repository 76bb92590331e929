import type { ConnectorDatabase } from '../database/database.ts';
import { ensureTables } from '../database/tables.ts';
import { bordersIn, currentOwner, ownerOf } from '../queue/owner-borders.ts';
import { checkTheirs, isTheirs, type OwnerFilter } from './owner.ts';
import { firstOpId, type RejectedRow, type RejectedWrite, readRow } from './rejected-write.ts';

/**
 * Lists the rejected writes of the signed-in user (see `setOwner()`), in the order in which they were recorded. After a
 * sign-out, lists those written while nobody was signed in. If `setOwner()` was never called, lists all of them.
 *
 * A rejected write is listed once it has left the queue. A held one is listed while it is at the head of the queue,
 * where everything else waits for it.
 *
 * @throws UploadError `owner_mismatch` if `filter` names an owner who isn't signed in.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { listRejected } from 'powersync-backend-connector/rejections';
 *
 * export async function show(db: PowerSyncDatabase) {
 *   for (const { entries, code, rejectedAt } of await listRejected(db))
 *     console.log(rejectedAt, code, entries.map(({ op, table }) => `${op} ${table}`));
 * }
 * ```
 */
export async function listRejected(
  database: ConnectorDatabase,
  filter?: OwnerFilter,
): Promise<RejectedWrite[]> {
  const { writes, borders, now } = await readListed(database, filter);
  const isOwn = (opId: number): boolean => now === undefined || ownerOf(borders, opId) === now;
  return writes.map((write) => ({ ...write, laterOpIds: write.laterOpIds.filter(isOwn) }));
}

/** Like `listRejected()`, but `laterOpIds` includes entries of other owners. */
export async function readListed(database: ConnectorDatabase, { owner }: OwnerFilter = {}) {
  await ensureTables(database);
  const rows = await select(database, '1');
  // Read after the rows, so that the owner is the one who is signed in now. The head too: what has left the queue never
  // comes back.
  const borders = await bordersIn(database);
  const now = currentOwner(borders);
  if (owner !== undefined) checkTheirs(now, { owner });
  const writes = rows.filter((write) => isTheirs(owner === undefined ? now : owner, write));
  const head = await headOpId(database);
  const listed: RejectedWrite[] = [];
  for (const write of writes) {
    const place = placeInQueue(write.key, head);
    if (place === 'unknown' || place === (write.state === 'rejected' ? 'left' : 'head')) listed.push(write);
    else if (write.state !== 'rejected' && place === 'left') await forgetHeld(database, write.key);
  }
  return { writes: listed, borders, now };
}

/** Finds the rejected write with this key, even if it isn't listed. */
export async function findRejected(
  database: ConnectorDatabase,
  key: string,
): Promise<RejectedWrite | undefined> {
  await ensureTables(database);
  return (await select(database, 'key = ?', key))[0];
}

/** Whether the transaction with this key is still in the upload queue. */
export async function isQueued(database: ConnectorDatabase, key: string): Promise<boolean> {
  return isBehind(key, await headOpId(database));
}

/** Whether the transaction is at the head of the queue or behind it. False if the key has no op id. */
export function isBehind(key: string, head: number | undefined): boolean {
  const place = placeInQueue(key, head);
  return place === 'head' || place === 'behind';
}

async function select(
  database: ConnectorDatabase,
  where: string,
  parameter?: string,
): Promise<RejectedWrite[]> {
  const rows = await database.getAll<RejectedRow>(
    `SELECT * FROM connector_rejected_writes WHERE ${where} ORDER BY rowid`,
    parameter === undefined ? [] : [parameter],
  );
  return rows.map(readRow);
}

/** Op id of the first entry in the queue; undefined if the queue is empty. */
export async function headOpId(database: ConnectorDatabase): Promise<number | undefined> {
  return (await database.getCrudBatch(1))?.crud[0]?.clientId;
}

/** Compares op ids, which only ever go up: one lower than the head's has left the queue. */
function placeInQueue(key: string, head: number | undefined): 'left' | 'head' | 'behind' | 'unknown' {
  const opId = firstOpId(key);
  if (opId === undefined) return 'unknown';
  if (head === undefined || opId < head) return 'left';
  return opId === head ? 'head' : 'behind';
}

/** Removes a held write that has left the queue: the backend accepted it after all, or the queue was cleared. */
async function forgetHeld(database: ConnectorDatabase, key: string): Promise<void> {
  await database.execute("DELETE FROM connector_rejected_writes WHERE key = ? AND state <> 'rejected'", [
    key,
  ]);
}
