import type { ConnectorDatabase } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import { ready } from '../database/ready.ts';

/** Who writes from an op id on: a user, or null for nobody who is signed in. */
export interface Border {
  readonly fromOpId: number;
  readonly owner: string | null;
  /** Counted up with each border that is written: another one may have stood in the same place meanwhile. */
  readonly version: number;
}

/** An owner as far as it is known: undefined where `setOwner()` had not been called yet. */
export type Owner = string | null | undefined;

/**
 * All borders of the database, in the order of op ids. Read after the queue, and anew for each batch: a border is written
 * before the writes behind it, perhaps by another tab.
 */
export async function readBorders(database: ConnectorDatabase): Promise<Border[]> {
  await ready(database);
  return bordersIn(database);
}

/** The same within a transaction, too. */
export async function bordersIn(database: Pick<ConnectorDatabase, 'getAll'>): Promise<Border[]> {
  if (!(await hasTable(database, 'connector_owners'))) return [];
  return database.getAll<Border>(
    'SELECT from_op_id AS fromOpId, owner, version FROM connector_owners ORDER BY from_op_id',
  );
}

/** Writes the border between what is queued already and what will be; a second one in the same place replaces it. */
export async function writeBorder(database: ConnectorDatabase, owner: string | null): Promise<void> {
  await makeTable(database);
  // `sqlite_sequence` is where SQLite keeps the last id of an AUTOINCREMENT table, also once its rows are gone.
  await database.execute(
    `INSERT OR REPLACE INTO connector_owners (from_op_id, owner, version)
VALUES (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'ps_crud'), 0) + 1, ?,
coalesce((SELECT version FROM connector_owners ORDER BY version DESC LIMIT 1), 0) + 1)`,
    [owner],
  );
}

/** Who wrote the entry with this op id. */
export function ownerOf(borders: readonly Border[], opId: number): Owner {
  let owner: Owner;
  for (const border of borders) if (border.fromOpId <= opId) owner = border.owner;
  return owner;
}

/** Who writes now. */
export function currentOwner(borders: readonly Border[]): Owner {
  return borders[borders.length - 1]?.owner;
}

/**
 * Tells changes of users apart, by whichever tab: equal only while nobody signed in or out. That the same user is signed
 * in isn't enough: a token fetched while another one was may still be there.
 */
export function versionOf(borders: readonly Border[]): number {
  return borders[borders.length - 1]?.version ?? 0;
}

async function makeTable(database: ConnectorDatabase): Promise<void> {
  await database.execute(
    'CREATE TABLE IF NOT EXISTS connector_owners (from_op_id INTEGER PRIMARY KEY NOT NULL, owner TEXT, version INTEGER NOT NULL)',
  );
}
