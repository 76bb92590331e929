import type { ConnectorDatabase } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import { ensureTables } from '../database/tables.ts';
import { currentOwner, readBorders } from '../queue/owner-borders.ts';

/**
 * Returns the state of those keys that are recorded as rejected writes. `rejected` is final, and must not be sent
 * again. `held` and `released` may still be applied.
 */
export async function recordedStates(
  database: ConnectorDatabase,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (!(await hasTable(database, 'connector_rejected_writes'))) return new Map();
  const rows = await database.getAll<{ key: string; state: string }>(
    'SELECT key, state FROM connector_rejected_writes WHERE key IN (SELECT value FROM json_each(?))',
    [JSON.stringify(keys)],
  );
  return new Map(rows.map(({ key, state }) => [key, state]));
}

/** Removes held and released transactions that the backend has applied after all. */
export async function forgetApplied(database: ConnectorDatabase, keys: readonly string[]): Promise<void> {
  await database.execute(
    "DELETE FROM connector_rejected_writes WHERE key IN (SELECT value FROM json_each(?)) AND state <> 'rejected'",
    [JSON.stringify(keys)],
  );
}

/** The rejected writes of one owner. */
export interface RowsOfOwner {
  readonly rows: readonly Record<string, unknown>[];
  remove(): Promise<unknown>;
}

/** The rejected writes of the current owner; all of them if `setOwner()` was never called. */
export async function rowsOfOwner(database: ConnectorDatabase): Promise<RowsOfOwner> {
  await ensureTables(database);
  const owner = currentOwner(await readBorders(database));
  // Always with a WHERE: SQLite doesn't notify watchers of a DELETE without one.
  const [where, values] = owner === undefined ? [' WHERE 1', []] : [' WHERE owner IS ?', [owner]];
  return {
    rows: await database.getAll<Record<string, unknown>>(
      `SELECT * FROM connector_rejected_writes${where}`,
      values,
    ),
    remove: () => database.execute(`DELETE FROM connector_rejected_writes${where}`, values),
  };
}
