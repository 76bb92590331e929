import { readFile } from 'node:fs/promises';
import { PGlite } from '@electric-sql/pglite';
import postgresJs from 'postgres';
import { type Database, mysql, postgres } from 'powersync-backend-connector/server';
import { findMariaDb, startMariaDb } from '../../databases/mariadb.ts';
import { findPostgres, startPostgres } from './postgres.ts';
import { MYSQL_TABLES, POSTGRES_TABLES } from './schema.ts';

/** A database with the tables of the tests, and the ways into it. */
export interface TestDatabase {
  readonly database: Database;
  readonly dialect: 'postgres' | 'mysql';
  /** Runs one statement past the handler. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  close(): Promise<void>;
}

/** The databases and drivers that each promise is tested on. */
export const DATABASES: Readonly<Record<string, () => Promise<TestDatabase>>> = {
  PGlite: openPglite,
  ...(findPostgres() && { 'Postgres with pg': openPg, 'Postgres with postgres.js': openPostgresJs }),
  ...(findMariaDb() && { 'MariaDB with mysql2': openMariaDb }),
};

export const POSTGRES_SQL = await readFile(
  new URL('../../../sql/server/postgres.sql', import.meta.url),
  'utf8',
);

export const MYSQL_SQL = await readFile(new URL('../../../sql/server/mysql.sql', import.meta.url), 'utf8');

export async function openPglite(): Promise<TestDatabase> {
  const client = await PGlite.create();
  await client.exec(POSTGRES_SQL + POSTGRES_TABLES);
  return {
    database: postgres(client),
    dialect: 'postgres',
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
    dialect: 'postgres',
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
    dialect: 'postgres',
    sql: async (text) => [...(await sql.unsafe(text))],
    async close() {
      await sql.end({ timeout: 1 });
      await server.stop();
    },
  };
}

async function openMariaDb(): Promise<TestDatabase> {
  const server = await startMariaDb();
  const root = await server.connect({
    multipleStatements: true,
    typeCast(field, next) {
      if (field.type === 'TINY' && field.length === 1) return field.string() === '1';
      return field.type === 'VAR_STRING' ? field.string() : next(); // also bytes
    },
  });
  await root.query(`create database app character set utf8mb4; use app; ${MYSQL_SQL} ${MYSQL_TABLES}`);
  await root.query("set sql_mode = concat(@@sql_mode, ',ANSI_QUOTES')");
  const pool = server.pool({ database: 'app' });
  return {
    database: mysql(pool),
    dialect: 'mysql',
    async sql(text) {
      const [rows] = await root.query(text);
      return Array.isArray(rows) ? rows.map((row) => ({ ...row })) : [];
    },
    async close() {
      await pool.end();
      await root.end();
      await server.stop();
    },
  };
}
