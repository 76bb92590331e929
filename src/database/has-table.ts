import type { ConnectorDatabase } from './database.ts';

type Readable = Pick<ConnectorDatabase, 'getAll'>;

const known = new WeakMap<Readable, Set<string>>();

/**
 * Whether the database has a table of the connector's. They are made when something is first written to them, so that an
 * app that never needs one never gets it, and no upload has to write for the sake of it.
 */
export async function hasTable(database: Readable, name: string): Promise<boolean> {
  if (known.get(database)?.has(name)) return true;
  const found = await database.getAll('SELECT 1 FROM sqlite_master WHERE name = ?', [name]);
  if (found.length > 0) known.set(database, (known.get(database) ?? new Set()).add(name));
  return found.length > 0;
}
