import type { ConnectorDatabase } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import { ready } from '../database/ready.ts';

/** The owner of all writes from an op id on: a user, or null if nobody was signed in. */
export interface Border {
  readonly fromOpId: number;
  readonly owner: string | null;
  /** Increases with each border that is written. Shows that a border at the same op id was replaced. */
  readonly version: number;
}

/**
 * Owner of a write: the id of a user, null if it was written while nobody was signed in, undefined if `setOwner()` had
 * not been called yet.
 */
export type Owner = string | null | undefined;

/**
 * Reads all borders of the database, in the order of op ids. Call it after reading the queue, and again for each batch:
 * a border is written before the writes behind it, perhaps by another tab.
 */
export async function readBorders(database: ConnectorDatabase): Promise<Border[]> {
  await ready(database);
  return bordersIn(database);
}

/** Like `readBorders()`, but usable within a transaction: it doesn't wait for the database to open. */
export async function bordersIn(database: Pick<ConnectorDatabase, 'getAll'>): Promise<Border[]> {
  if (!(await hasTable(database, 'connector_owners'))) return [];
  return database.getAll<Border>(
    'SELECT from_op_id AS fromOpId, owner, version FROM connector_owners ORDER BY from_op_id',
  );
}

/** Writes a border between what is queued now and later writes. It replaces one at the same op id. */
export async function writeBorder(database: ConnectorDatabase, owner: string | null): Promise<void> {
  await makeTable(database);
  // In `sqlite_sequence` SQLite keeps the last id of an AUTOINCREMENT table, even after its rows are gone.
  await database.execute(
    `INSERT OR REPLACE INTO connector_owners (from_op_id, owner, version)
VALUES (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'ps_crud'), 0) + 1, ?,
coalesce((SELECT version FROM connector_owners ORDER BY version DESC LIMIT 1), 0) + 1)`,
    [owner],
  );
}

/** Owner of the entry with this op id. */
export function ownerOf(borders: readonly Border[], opId: number): Owner {
  let owner: Owner;
  for (const border of borders) if (border.fromOpId <= opId) owner = border.owner;
  return owner;
}

/** The current owner: the one that `setOwner()` was last called with. */
export function currentOwner(borders: readonly Border[]): Owner {
  return borders[borders.length - 1]?.owner;
}

/**
 * Version of the borders. It stays equal only while no tab has changed the owner. Comparing owners isn't enough: after
 * a switch to another user and back, a token fetched in between may still be in use.
 */
export function versionOf(borders: readonly Border[]): number {
  return borders[borders.length - 1]?.version ?? 0;
}

async function makeTable(database: ConnectorDatabase): Promise<void> {
  await database.execute(
    'CREATE TABLE IF NOT EXISTS connector_owners (from_op_id INTEGER PRIMARY KEY NOT NULL, owner TEXT, version INTEGER NOT NULL)',
  );
}
