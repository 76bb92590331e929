import { PGlite } from '@electric-sql/pglite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { codeFromSqlState } from '../../src/error/sqlstate.ts';
import { codeFromFailureText } from '../../src/presets/failure-text.ts';

let database: PGlite;

beforeAll(async () => {
  database = await PGlite.create();
  await database.exec(`
    CREATE TYPE state AS ENUM ('open', 'done');
    CREATE TABLE lists (id text PRIMARY KEY, name varchar(10) NOT NULL, owner uuid);
    CREATE TABLE todos (
      id text PRIMARY KEY, list_id text REFERENCES lists, priority smallint CHECK (priority <> 9), state state,
      amount numeric(4, 1), due timestamp, tags text[], settings json, period int4range, EXCLUDE USING gist (period WITH &&)
    );
    CREATE TABLE secrets (id text);
    CREATE TABLE owned (id text);
    ALTER TABLE owned ENABLE ROW LEVEL SECURITY;
    CREATE ROLE app;
    GRANT ALL ON owned TO app;
    INSERT INTO lists VALUES ('list', 'one');
    INSERT INTO todos (id, list_id, period) VALUES ('todo', 'list', '[1,5)');
  `);
});

afterAll(() => database.close());

it.each([
  ['conflict', "INSERT INTO lists VALUES ('list', 'x')"],
  ['conflict', "INSERT INTO todos (id, list_id) VALUES ('new', 'gone')"],
  ['conflict', "UPDATE todos SET list_id = 'gone'"],
  ['conflict', "DELETE FROM lists WHERE id = 'list'"],
  ['conflict', "INSERT INTO todos (id, period) VALUES ('new', '[2,3)')"],
  ['invalid', "INSERT INTO lists (id) VALUES ('new')"],
  ['invalid', "INSERT INTO lists VALUES ('new', 'eleven char')"],
  ['invalid', "UPDATE lists SET owner = 'nobody'"],
  ['invalid', 'UPDATE todos SET priority = 9'],
  ['invalid', 'UPDATE todos SET priority = 99999'],
  ['invalid', "UPDATE todos SET priority = '99999'"],
  ['invalid', "UPDATE todos SET priority = 'deadlock detected'"],
  ['invalid', "UPDATE todos SET state = 'late'"],
  ['invalid', 'UPDATE todos SET amount = 12345'],
  ['invalid', "UPDATE todos SET due = '2026-13-01'"],
  ['invalid', "UPDATE todos SET tags = 'a'"],
  ['invalid', "UPDATE todos SET settings = '{'"],
  ['invalid', "UPDATE todos SET period = 'a'"],
  ['schema_mismatch', 'UPDATE projects SET id = 1'],
  ['schema_mismatch', 'UPDATE lists SET colour = 1'],
  ['schema_mismatch', 'INSERT INTO lists (id, colour) VALUES (1, 1)'],
  ['schema_mismatch', 'SELECT sync_lists()'],
  ['misconfigured', "SET ROLE app; INSERT INTO secrets VALUES ('a')"],
  ['forbidden', "SET ROLE app; INSERT INTO owned VALUES ('a')"],
  ['unavailable', "BEGIN READ ONLY; DELETE FROM lists WHERE id = 'x'"],
  [undefined, 'UPDATE lists SET WHERE true'],
])('PostgreSQL: its words tell %s, as far as its code does: %s', async (code, sql) => {
  const error: unknown = await database.exec(sql).catch((thrown) => thrown);
  await database.exec('ROLLBACK; RESET ROLE');
  if (!(error instanceof Error && 'code' in error)) throw new Error(`It worked: ${sql}`);
  expect(codeFromFailureText(error.message)).toBe(code);
  const byCode = codeFromSqlState(String(error.code));
  // The code is the same for a grant that is missing, which is the backend's fault alone, and for row-level security.
  if (byCode !== 'unknown') expect([code, 'forbidden']).toContain(byCode);
});
