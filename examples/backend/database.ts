import { PGlite } from '@electric-sql/pglite';
import { SCHEMA } from './schema.ts';

/** What the backend needs of a database client. PGlite fits as it is. The README shows an adapter for `pg`. */
export interface Database extends Queryable {
  /** Runs `work` in one transaction. Commits when it returns. If it throws, rolls back and rethrows. */
  transaction<Result>(work: (transaction: Queryable) => Promise<Result>): Promise<Result>;
}

export interface Queryable {
  query<Row extends Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<{ rows: Row[] }>;
}

/** Opens an embedded Postgres with the tables of the example, in memory or in a folder. */
export async function openDatabase(folder?: string): Promise<PGlite> {
  const database = await PGlite.create(folder === undefined ? {} : { dataDir: folder });
  await database.exec(SCHEMA);
  return database;
}

/** The tables that clients may write to, each with the names of its columns. */
export type WritableTables = ReadonlyMap<string, ReadonlySet<string>>;

/** Reads the columns from the database itself, so that they always match it. */
export async function readWritableTables(
  database: Queryable,
  names: readonly string[],
): Promise<WritableTables> {
  const { rows } = await database.query<{ table: string; columns: string[] }>(
    `select table_name as "table", json_agg(column_name) as columns from information_schema.columns
     where table_schema = current_schema() and table_name = any($1) group by table_name`,
    [names],
  );
  return new Map(rows.map(({ table, columns }) => [table, new Set(columns)]));
}

/** Quotes the name of a table or column. Use it only for names in `WritableTables`; quoting is a second safeguard. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
