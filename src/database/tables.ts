import type { ConnectorDatabase } from './database.ts';
import { hasTable } from './has-table.ts';
import { ready } from './ready.ts';

const made = new WeakMap<ConnectorDatabase, Promise<unknown>>();

/**
 * Creates the connector's own tables, once per opened database.
 *
 * They are plain SQL tables and not part of the app's PowerSync schema. So they need no set-up, and survive
 * `updateSchema()` and `disconnectAndClear()`.
 */
export function ensureTables(database: ConnectorDatabase): Promise<unknown> {
  let tables = made.get(database);
  if (!tables) {
    tables = makeTables(database);
    made.set(database, tables);
    tables.catch(() => made.delete(database));
  }
  return tables;
}

async function makeTables(database: ConnectorDatabase): Promise<void> {
  await ready(database);
  await database.execute(
    `CREATE TABLE IF NOT EXISTS connector_rejected_writes (key TEXT PRIMARY KEY NOT NULL, transaction_id INTEGER,
entries TEXT NOT NULL, entry_index INTEGER, applied_entries TEXT NOT NULL, code TEXT NOT NULL, status INTEGER, message TEXT NOT NULL, details TEXT,
owner TEXT, rejected_at INTEGER NOT NULL, told_at INTEGER, state TEXT NOT NULL, later_op_ids TEXT NOT NULL,
may_be_applied INTEGER, needs_decision INTEGER)`,
  );
  for (const column of ['may_be_applied', 'needs_decision']) await addColumn(database, column);
  await database.execute(
    'CREATE TABLE IF NOT EXISTS connector_state (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)',
  );
}

/** Adds a column that tables of earlier versions lack. */
async function addColumn(database: ConnectorDatabase, name: string): Promise<void> {
  if (await hasColumn(database, name)) return;
  try {
    await database.execute(`ALTER TABLE connector_rejected_writes ADD COLUMN ${name} INTEGER`);
  } catch (error) {
    if (!(await hasColumn(database, name))) throw error; // Unless another tab added it at the same time.
  }
}

async function hasColumn(database: ConnectorDatabase, name: string): Promise<boolean> {
  const found = await database.getAll(
    "SELECT 1 FROM pragma_table_info('connector_rejected_writes') WHERE name = ?",
    [name],
  );
  return found.length > 0;
}

/** Reads a value that survives a restart, such as a count of tries. */
export async function readState<T>(database: ConnectorDatabase, name: string): Promise<T | undefined> {
  if (!(await hasTable(database, 'connector_state'))) return undefined;
  const rows = await database.getAll<{ value: string }>('SELECT value FROM connector_state WHERE name = ?', [
    name,
  ]);
  return rows[0] && (JSON.parse(rows[0].value) as T);
}

/** Writes a value that survives a restart. */
export async function writeState(database: ConnectorDatabase, name: string, value: unknown): Promise<void> {
  await ensureTables(database);
  await database.execute('INSERT OR REPLACE INTO connector_state (name, value) VALUES (?, ?)', [
    name,
    JSON.stringify(value),
  ]);
}
