// Runs the SQL of the guide as it stands there.
import { PGlite } from '@electric-sql/pglite';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findMariaDb, type MariaDb, startMariaDb } from '../databases/mariadb.ts';
import { fences, page, section } from './pages.ts';

const KEY = 'f3b1c2e4-6f0e-4d0c-9d54-1f6a2f1c2b3d:41-42:9d3f0c5a1b7e2468';
const OTHER_HASH = KEY.replace(/8$/, '9');
const OTHER_CASE = KEY.toUpperCase();

/** One database, by the statements of its section. */
interface Keys {
  /** Claims a key in a transaction, and commits it or not: true if it is new. */
  claim(user: string, key: string, options?: { refused?: boolean }): Promise<boolean>;
  forgetOld(): Promise<void>;
  collisions(): Promise<unknown[]>;
  count(): Promise<number>;
  age(days: number): Promise<void>;
  clear(): Promise<void>;
}

function statements(heading: string): string[] {
  const found = fences(section(page('guide/idempotency.md'), heading), 'sql');
  expect(found).toHaveLength(4);
  return found;
}

function behaves(keys: () => Keys): void {
  it('claims a key once for each user', async () => {
    await keys().clear();
    expect(await keys().claim('ada', KEY)).toBe(true);
    expect(await keys().claim('ada', KEY)).toBe(false);
    expect(await keys().claim('bob', KEY)).toBe(true);
  });

  it('keeps no key of a refused transaction', async () => {
    await keys().clear();
    expect(await keys().claim('ada', KEY, { refused: true })).toBe(true);
    expect(await keys().claim('ada', KEY)).toBe(true);
  });

  it('takes the same op ids with another hash, or in another case, for another write, and shows the device', async () => {
    await keys().clear();
    expect(await keys().claim('ada', KEY)).toBe(true);
    expect(await keys().collisions()).toEqual([]);
    expect(await keys().claim('ada', OTHER_HASH)).toBe(true);
    expect(await keys().claim('ada', OTHER_CASE)).toBe(true);
    expect(await keys().claim('bob', KEY)).toBe(true);
    const range = KEY.slice(0, KEY.lastIndexOf(':'));
    expect(await keys().collisions()).toEqual([{ user_id: 'ada', op_range: range, count: 2 }]);
  });

  it('forgets keys after 30 days, and no earlier', async () => {
    await keys().clear();
    await keys().claim('ada', KEY);
    await keys().age(29);
    await keys().forgetOld();
    expect(await keys().count()).toBe(1);
    await keys().age(31);
    await keys().forgetOld();
    expect(await keys().count()).toBe(0);
  });
}

describe('PostgreSQL', () => {
  let database: PGlite;
  let keys: Keys;

  beforeAll(async () => {
    const [create = '', claim = '', forget = '', collisions = ''] = statements('PostgreSQL');
    database = await PGlite.create();
    await database.exec(create);
    keys = {
      claim: (user, key, { refused = false } = {}) =>
        database.transaction(async (transaction) => {
          const { rows } = await transaction.query(claim, [user, key]);
          if (refused) await transaction.rollback();
          return rows.length > 0;
        }),
      forgetOld: async () => void (await database.exec(forget)),
      collisions: async () => (await database.query(collisions)).rows,
      count: async () => (await database.query('select from applied_transactions')).rows.length,
      age: async (days) =>
        void (await database.query(
          'update applied_transactions set applied_at = now() - make_interval(days => $1)',
          [days],
        )),
      clear: async () => void (await database.exec('truncate applied_transactions')),
    };
  });
  afterAll(() => database.close());

  behaves(() => keys);
});

describe.skipIf(!findMariaDb())('MySQL, on MariaDB', () => {
  let server: MariaDb;
  let connection: Connection;
  let keys: Keys;

  beforeAll(async () => {
    const [create = '', claim = '', forget = '', collisions = ''] = statements('MySQL and MariaDB');
    server = await startMariaDb();
    connection = await server.connect();
    await connection.query('create database app');
    await connection.query('use app');
    await connection.query(create);
    const rows = async (sql: string) => (await connection.query<RowDataPacket[]>(sql))[0];
    keys = {
      async claim(user, key, { refused = false } = {}) {
        await connection.beginTransaction();
        try {
          await connection.execute(claim, [user, key]);
        } catch (error) {
          await connection.rollback();
          expect(error).toMatchObject({ errno: 1062 });
          return false;
        }
        await (refused ? connection.rollback() : connection.commit());
        return true;
      },
      forgetOld: async () => void (await connection.query(forget)),
      collisions: async () =>
        (await rows(collisions)).map(({ 'count(*)': count, ...others }) => ({ ...others, count })),
      count: async () => (await rows('select 1 from applied_transactions')).length,
      age: async (days) =>
        void (await connection.query('update applied_transactions set applied_at = now() - interval ? day', [
          days,
        ])),
      clear: async () => void (await connection.query('truncate applied_transactions')),
    };
  });
  afterAll(async () => {
    await connection?.end();
    await server?.stop();
  });

  behaves(() => keys);
});
