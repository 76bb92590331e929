import type { ConnectorDatabase } from '../queue/database.ts';
import { firstOpId, type RejectedRow, type RejectedWrite, readRow } from './rejected-write.ts';
import { ensureTables } from './state.ts';

/** Whose rejected writes are meant. */
export interface OwnerFilter {
  /** Only those of this owner (see `setOwner()`); null: of nobody known. Default: of everybody. */
  readonly owner?: string | null | undefined;
}

/**
 * The rejected writes, in the order in which they were recorded.
 *
 * One is listed as soon as it has left the queue. A held one is listed while it is at the head of the queue: then it is
 * what everything else waits for.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { listRejected } from 'powersync-backend-connector/rejections';
 *
 * export async function show(db: PowerSyncDatabase, userId: string) {
 *   for (const { entries, code, rejectedAt } of await listRejected(db, { owner: userId }))
 *     console.log(rejectedAt, code, entries.map(({ op, table }) => `${op} ${table}`));
 * }
 * ```
 */
export async function listRejected(
  database: ConnectorDatabase,
  { owner }: OwnerFilter = {},
): Promise<RejectedWrite[]> {
  await ensureTables(database);
  const writes = await select(database, owner === undefined ? '1' : 'owner IS ?', owner);
  // Read after the rows: what is no longer queued now will not come back.
  const head = await headOpId(database);
  const listed: RejectedWrite[] = [];
  for (const write of writes) {
    const place = placeInQueue(write.key, head);
    if (place === 'unknown' || place === (write.state === 'rejected' ? 'left' : 'head')) listed.push(write);
    else if (write.state !== 'rejected' && place === 'left') await forgetHeld(database, write.key);
  }
  return listed;
}

/** The rejected write with this key, listed or not. */
export async function findRejected(
  database: ConnectorDatabase,
  key: string,
): Promise<RejectedWrite | undefined> {
  await ensureTables(database);
  return (await select(database, 'key = ?', key))[0];
}

/** Whether the transaction with this key is still in the upload queue. */
export async function isQueued(database: ConnectorDatabase, key: string): Promise<boolean> {
  const place = placeInQueue(key, await headOpId(database));
  return place === 'head' || place === 'behind';
}

async function select(
  database: ConnectorDatabase,
  where: string,
  parameter: string | null | undefined,
): Promise<RejectedWrite[]> {
  const rows = await database.getAll<RejectedRow>(
    `SELECT * FROM connector_rejected_writes WHERE ${where} ORDER BY rowid`,
    parameter === undefined ? [] : [parameter],
  );
  return rows.map(readRow);
}

async function headOpId(database: ConnectorDatabase): Promise<number | undefined> {
  return (await database.getCrudBatch(1))?.crud[0]?.clientId;
}

/** Op ids only ever go up, so that the head tells what is in front of it: nothing. */
function placeInQueue(key: string, head: number | undefined): 'left' | 'head' | 'behind' | 'unknown' {
  const opId = firstOpId(key);
  if (opId === undefined) return 'unknown';
  if (head === undefined || opId < head) return 'left';
  return opId === head ? 'head' : 'behind';
}

/** It was taken after all, or cleared. */
async function forgetHeld(database: ConnectorDatabase, key: string): Promise<void> {
  await database.execute("DELETE FROM connector_rejected_writes WHERE key = ? AND state <> 'rejected'", [
    key,
  ]);
}
