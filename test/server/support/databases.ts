import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import postgresJs from 'postgres';
import { type Database, postgres } from 'powersync-backend-connector/server';
import { findPostgres, startPostgres } from './postgres.ts';
import { POSTGRES_TABLES } from './schema.ts';

/** A database with the tables of the tests, and the ways into it. */
export interface TestDatabase {
  readonly database: Database;
  /** Runs one statement past the handler. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** The databases and drivers that each promise is tested on. */
export const DATABASES: Readonly<Record<string, () => Promise<TestDatabase>>> = {
  PGlite: openPglite,
  ...(findPostgres() && { 'Postgres with pg': openPg, 'Postgres with postgres.js': openPostgresJs }),
};

export const POSTGRES_SQL = await readFile(
  new URL('../../../sql/server/postgres.sql', import.meta.url),
  'utf8',
);

export async function openPglite(): Promise<TestDatabase> {
  const client = await PGlite.create();
  await client.exec(POSTGRES_SQL + POSTGRES_TABLES);
  return {
    database: postgres(client),
    sql: async (text) => (await client.query<Record<string, unknown>>(text)).rows,
    close: () => client.close(),
  };
}

async function openPg(): Promise<TestDatabase> {
  const server = await startPostgres();
  const pool = server.pool();
  await pool.query(POSTGRES_SQL + POSTGRES_TABLES);
  return {
    database: postgres(pool),
    sql: async (text) => (await pool.query(text)).rows,
    async close() {
      await pool.end();
      await server.stop();
    },
  };
}

async function openPostgresJs(): Promise<TestDatabase> {
  const server = await startPostgres();
  const sql = postgresJs(server.url, { onnotice: () => {} });
  await sql.unsafe(POSTGRES_SQL + POSTGRES_TABLES);
  return {
    database: postgres(sql),
    sql: async (text) => [...(await sql.unsafe(text))],
    async close() {
      await sql.end({ timeout: 1 });
      await server.stop();
    },
  };
}
