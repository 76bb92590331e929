import { type Database, quoted, type WritableTables } from './database.ts';

/** A user's rows by table, as a sync service would send them. */
export type Snapshot = Record<string, Array<Record<string, unknown> & { id: string }>>;

/** Reads all rows of one user at one moment, with values that survive JSON: a time is a string, for example. */
export async function readSnapshot(
  database: Database,
  tables: WritableTables,
  userId: string,
): Promise<Snapshot> {
  return database.transaction(async (transaction) => {
    await transaction.query('set transaction isolation level repeatable read');
    const snapshot: Snapshot = {};
    for (const table of tables.keys()) {
      const { rows } = await transaction.query<{ row: Snapshot[string][number] }>(
        `select to_json(stored) as row from ${quoted(table)} as stored where owner_id = $1 order by id`,
        [userId],
      );
      snapshot[table] = rows.map(({ row }) => row);
    }
    return snapshot;
  });
}
