import type { ConnectorDatabase } from './database.ts';

type Readable = Pick<ConnectorDatabase, 'getAll'>;

const known = new WeakMap<Readable, Set<string>>();

/**
 * Whether the database has this table of the connector. Tables are created on the first write to them: an app that
 * never needs one never gets it, and an upload doesn't have to write just to create one.
 */
export async function hasTable(database: Readable, name: string): Promise<boolean> {
  if (known.get(database)?.has(name)) return true;
  const found = await database.getAll('SELECT 1 FROM sqlite_master WHERE name = ?', [name]);
  if (found.length > 0) known.set(database, (known.get(database) ?? new Set()).add(name));
  return found.length > 0;
}
