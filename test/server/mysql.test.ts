import { setTimeout as sleep } from 'node:timers/promises';
import mysql2 from 'mysql2';
import type { Connection, Pool, PoolConnection, ResultSetHeader } from 'mysql2/promise';
import {
  createWriteHandler,
  type MySqlClient,
  mysql,
  type TransactionResult,
  type WriteHandlerOptions,
} from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { readMySqlError } from '../../src/server/database/mysql-errors.ts';
import { findMariaDb, type MariaDb, startMariaDb } from '../databases/mariadb.ts';
import { waitFor } from '../support/client.ts';
import { MYSQL_SQL } from './support/databases.ts';
import { MYSQL_TABLES, uuid } from './support/schema.ts';

const ANN = { id: 'ann' };
const TABLES: WriteHandlerOptions['tables'] = {
  lists: { columns: ['name'], owner: 'owner_id' },
  todos: { columns: ['description', 'code', 'due_at', 'noted_at', 'ratio'], owner: 'owner_id' },
  counters: { columns: ['value'], owner: 'owner_id' },
};

let keys = 0;
const transaction = (...crud: object[]) => ({ idempotency_key: `mysql:${++keys}`, crud });
const put = (table: string, id: string, op_data: object = {}) => ({ op: 'PUT', table, id, op_data });
const patch = (table: string, id: string, op_data: object = {}) => ({ op: 'PATCH', table, id, op_data });
const remove = (table: string, id: string) => ({ op: 'DELETE', table, id });
const codes = (results: TransactionResult[]) =>
  results.map((result) =>
    result.status === 'fatal_error' ? result.failed_operation.error_code : result.status,
  );

describe.skipIf(!findMariaDb())('MariaDB', () => {
  let server: MariaDb;
  let root: Connection;
  let pool: Pool;

  beforeAll(async () => {
    // Defaults that would lose data if a connection kept them.
    server = await startMariaDb(
      '--sql-mode=',
      '--default-time-zone=+05:00',
      '--character-set-server=latin1',
      '--max-prepared-stmt-count=1000',
    );
    root = await server.connect({ multipleStatements: true });
    await root.query(`
      create database app character set utf8mb4; use app; ${MYSQL_SQL} ${MYSQL_TABLES}
      create table numbered (id bigint auto_increment primary key, name text);
      create trigger no_curses before insert on lists for each row
        if new.name = 'curse' then signal sqlstate '45000' set message_text = 'Be nice'; end if;
      create user reader@'%'; grant select, insert, update on app.* to reader@'%'`);
    pool = server.pool({ database: 'app' });
  });
  afterAll(async () => {
    await pool?.end();
    await root?.end();
    await server?.stop();
  });
  beforeEach(async () => {
    await root.query(`delete from todos; delete from lists; delete from counters; delete from numbered;
      delete from powersync_write_results`);
  });

  const errors: unknown[] = [];
  const handler = (options: Partial<WriteHandlerOptions> = {}, client: MySqlClient = pool) =>
    createWriteHandler({
      database: mysql(client),
      authenticate: () => ANN,
      tables: TABLES,
      onError: (error) => errors.push(error),
      ...options,
    });
  const apply = async (user: { id: string }, ...transactions: object[]) =>
    codes((await handler().apply(user, { transactions })).results);
  const rows = async (sql: string) => {
    const [found] = await root.query(sql);
    return (found as object[]).map((row) => ({ ...row }));
  };

  it('takes no key, no user and no id for another one that differs by case or a space', async () => {
    const put1 = (name: string) => [put('lists', 'l1', { name })];
    expect(await apply(ANN, { idempotency_key: 'DEV:1', crud: put1('a') })).toEqual(['success']);
    expect(await apply(ANN, { idempotency_key: 'dev:1', crud: put1('b') })).toEqual(['success']);
    expect(await apply({ id: 'ann ' }, { idempotency_key: 'DEV:1', crud: put1('c') })).toEqual([
      'UNAUTHORIZED',
    ]);
    for (const id of ['L1', 'l1 ', 'ł1', 'l\u0131']) {
      const written = transaction(put('lists', id, { name: 'x' }));
      const [code] = await apply(ANN, written);
      expect([id, code]).toEqual([id, id === 'l\u0131' || id === 'ł1' ? 'success' : 'UNIQUE_VIOLATION']);
      expect(
        await apply(ANN, transaction(patch('lists', id === 'L1' ? 'L1' : 'l1 ', { name: 'x' }))),
      ).toEqual(['success']);
      await apply(ANN, transaction(remove('lists', 'L1'), remove('lists', 'l1 ')));
    }
    expect(await rows(`select name from lists where id = 'l1'`)).toEqual([{ name: 'b' }]);
  });

  it('never writes into a row with the same value in another unique column', async () => {
    await apply(ANN, transaction(put('todos', uuid(1), { description: 'mine', code: 'a' })));
    expect(
      await apply({ id: 'bob' }, transaction(put('todos', uuid(2), { description: 'mine', code: 'b' }))),
    ).toEqual(['UNIQUE_VIOLATION']);
    expect(
      await apply(ANN, transaction(put('todos', uuid(2)), patch('todos', uuid(2), { description: 'MINE' }))),
    ).toEqual(['UNIQUE_VIOLATION']);
    expect(await rows('select id, code, owner_id from todos')).toEqual([
      { id: uuid(1), code: 'a', owner_id: 'ann' },
    ]);
  });

  it('refuses what it would cut or change, whatever the defaults of the server', async () => {
    for (const columns of [
      { code: 'abcdef' },
      { description: 'x'.repeat(256) },
      { description: 'a\0b' },
      { ratio: '1e400' },
      { due_at: '2026-02-30T12:00:00+01:00' },
      { due_at: '2050-01-01T00:00:00Z' },
      { noted_at: '9999-12-31T23:00:00-02:00' },
    ]) {
      expect([columns, ...(await apply(ANN, transaction(put('todos', uuid(1), columns))))]).toEqual([
        columns,
        'INVALID_DATA',
      ]);
    }
    expect(await apply(ANN, transaction(put('lists', `${'x'.repeat(64)} `, { name: 'x' })))).toEqual([
      'INVALID_DATA',
    ]);
    expect(await apply(ANN, transaction(put('todos', 'x ')))).toEqual(['INVALID_DATA']);
    expect(await apply(ANN, transaction(put('lists', '\u{1f600}', { name: '\u{1f600}' })))).toEqual([
      'success',
    ]);
    expect(await rows('select hex(name) as name from lists')).toEqual([{ name: 'F09F9880' }]);
    expect(await rows('select id from todos')).toEqual([]);
    const times = { due_at: '2026-01-31T23:30:00.5-02:00', noted_at: '2026-02-01 01:30+05' };
    expect(await apply(ANN, transaction(put('todos', uuid(1), times)))).toEqual(['success']);
    expect(
      await rows(
        'select cast(noted_at as char) as noted, timestampdiff(second, due_at, from_unixtime(1769909400)) as past from todos',
      ),
    ).toEqual([{ noted: '2026-01-31 20:30:00', past: 0 }]);
  });

  it('takes 0 for an id like any other', async () => {
    await apply(ANN, transaction(put('lists', 'a', { name: 'a' }), put('lists', 'b', { name: 'b' })));
    expect(await apply(ANN, transaction(patch('lists', '0', { name: 'x' }), remove('lists', '0')))).toEqual([
      'success',
    ]);
    expect(await rows('select name from lists order by id')).toEqual([{ name: 'a' }, { name: 'b' }]);
    const numbered = handler({ tables: { numbered: { columns: ['name'], authorize: () => true } } });
    await numbered.apply(ANN, { transactions: [transaction(put('numbered', '0', { name: 'zero' }))] });
    expect(await rows('select id from numbered')).toEqual([{ id: 0 }]);
  });

  it('keeps whole numbers apart that are one as numbers with a point', async () => {
    const [a, b] = ['9007199254740992', '9007199254740993'];
    const crud = [put('counters', a, { value: 1 }), put('counters', b, { value: 1 })];
    expect(await apply(ANN, transaction(...crud))).toEqual(['success']);
    expect(await apply(ANN, transaction(patch('counters', b, { value: 2 }), remove('counters', a)))).toEqual([
      'success',
    ]);
    expect(await rows('select cast(id as char) as id, value from counters')).toEqual([{ id: b, value: 2 }]);
  });

  /** A transaction of somebody else. */
  async function other(...statements: string[]): Promise<Connection> {
    const connection = await server.connect({ database: 'app', multipleStatements: true });
    connection.on('error', () => {});
    onTestFinished(() => connection.destroy());
    await connection.query(
      ['set transaction isolation level read committed', 'begin', ...statements].join(';'),
    );
    return connection;
  }
  const waitingForLock = () =>
    waitFor(
      async () => {
        await sleep(150); // the server looks again only if nobody has asked for 100 ms
        return (
          (await rows(`select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'`)).length > 0
        );
      },
      { what: 'a transaction to wait for a lock' },
    );
  const blocked = `insert into todos (id, description, owner_id) values ('other', 'x', 'bob')`;
  const both = () =>
    transaction(put('lists', 'l1', { name: 'x' }), put('todos', uuid(1), { description: 'x' }));

  it('applies nothing if a lock was waited for too long (1205), and all of it later', async () => {
    const somebody = await other(blocked);
    const upload = { transactions: [both()] };
    const impatient = handler({ timeouts: { lock: 1000, request: 1500 } });
    expect(codes((await impatient.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    expect(String(errors.at(-1))).toMatch(/Lock wait timeout|took longer/);
    expect(await rows('select id from lists')).toEqual([]);
    expect(await rows('select 1 from powersync_write_results')).toEqual([]);
    await somebody.query('rollback');
    expect(codes((await impatient.apply(ANN, upload)).results)).toEqual(['success']);
    expect(await rows('select id from lists')).toHaveLength(1);
  });

  it('begins again after a deadlock (1213), and applies all of it once', async () => {
    const many = Array.from({ length: 200 }, (_, i) => `(${i}, 'bob')`);
    const somebody = await other(blocked, `insert into counters (id, owner_id) values ${many}`);
    const applied = handler().apply(ANN, { transactions: [both()] });
    await waitingForLock();
    // The handler has written l1 and waits for the todo. It has written less, so its transaction is rolled back.
    await somebody.query(`insert into lists values ('l1', 'theirs', 'bob')`);
    expect((await rows('show engine innodb status')).map((row) => JSON.stringify(row)).join()).toContain(
      'LATEST DETECTED DEADLOCK',
    );
    await somebody.query('rollback');
    expect(codes((await applied).results)).toEqual(['success']);
    expect(await rows('select name from lists')).toEqual([{ name: 'x' }]);
    expect(await rows('select id from todos')).toEqual([{ id: uuid(1) }]);
  });

  it('applies one transaction once if it arrives many times at once', async () => {
    let judged = 0;
    const counting = handler({
      tables: {
        counters: {
          ...{ columns: ['value'], owner: 'owner_id' },
          authorize: () => {
            judged++;
            return true;
          },
        },
      },
    });
    for (let round = 0; round < 10; round++) {
      const upload = { transactions: [transaction(put('counters', String(round), { value: 1 }))] };
      const all = await Promise.all(Array.from({ length: 5 }, () => counting.apply(ANN, upload)));
      expect(all.flatMap(({ results }) => codes(results))).toEqual(Array(5).fill('success'));
    }
    expect(judged).toBe(10);
  });

  it('survives the loss of a connection: idle, between two statements, and in one', async () => {
    const kill = async () => {
      const threads = (await rows(
        `select id from information_schema.processlist where db = 'app' and id <> connection_id()`,
      )) as { id: number }[];
      for (const { id } of threads) await root.query(`kill ${id}`).catch(() => {});
    };
    await apply(ANN, transaction(put('lists', 'l0', { name: 'x' })));
    await kill();
    const works = () => apply(ANN, transaction(put('lists', 'l0', { name: 'x' }))).catch(String);
    await expect.poll(works).toEqual(['success']);
    let kills = 1;
    const upload = { transactions: [both()] };
    const killing = handler({
      tables: {
        ...TABLES,
        lists: {
          columns: ['name'],
          owner: 'owner_id',
          async authorize() {
            if (kills-- > 0) await kill();
            return true;
          },
        },
      },
    });
    expect(codes((await killing.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    expect(await rows(`select id from lists where id = 'l1'`)).toEqual([]);

    await expect.poll(works).toEqual(['success']);
    const somebody = await other(blocked);
    const waiting = killing.apply(ANN, upload);
    await waitingForLock();
    await kill();
    expect(codes((await waiting).results)).toEqual(['retryable_error']);
    somebody.destroy();
    expect(await rows(`select id from lists where id = 'l1'`)).toEqual([]);
    await expect.poll(works).toEqual(['success']);
    expect(codes((await killing.apply(ANN, upload)).results)).toEqual(['success']);
    expect(await rows('select id from lists order by id')).toEqual([{ id: 'l0' }, { id: 'l1' }]);
  });

  it('leaves the decision to the app where a trigger refuses, and keeps what a grant is missing for', async () => {
    const { results } = await handler().apply(ANN, {
      transactions: [transaction(put('lists', 'l1', { name: 'curse' }))],
    });
    expect(results).toMatchObject([
      { requires_client_handling: true, failed_operation: { error_code: 'RAISED', message: 'Be nice' } },
    ]);

    const limited = server.pool({ database: 'app', user: 'reader' });
    onTestFinished(() => limited.end());
    await expect(handler({}, limited).check()).rejects.toThrow(
      'The account may not select, insert, update and delete in `lists`',
    );
    for (const table of Object.keys(TABLES)) await root.query(`grant delete on app.${table} to reader@'%'`);
    const granted = handler({}, limited);
    await granted.check();
    await root.query(`revoke delete on app.lists from reader@'%'`);
    await apply(ANN, transaction(put('lists', 'l1', { name: 'x' })));
    expect(
      codes((await granted.apply(ANN, { transactions: [transaction(remove('lists', 'l1'))] })).results),
    ).toEqual(['retryable_error']);
  });

  it('says which tables it cannot write to', async () => {
    await root.query(`
      create table generated (name text, id varchar(36) generated always as (left(name, 36)) stored unique);
      create table twice (id varchar(36), name text, index (id));
      create table part (id varchar(36), name text, unique (id(10)));
      create table pair (id varchar(36), name text, unique (id, name(10)));
      create table bytes (id binary(16) primary key, name text);
      create table aria (id varchar(36) primary key, name text) engine = MyISAM`);
    const tables = Object.fromEntries(
      ['generated', 'twice', 'part', 'pair', 'bytes', 'aria', 'absent'].map((name) => [
        name,
        { columns: ['name'], authorize: () => true },
      ]),
    );
    await expect(handler({ tables }).check()).rejects.toMatchObject({
      problems: [
        '`generated`: `id` is generated, so no id can be written',
        '`twice` has no primary key or unique index on `id`',
        '`part` has no primary key or unique index on `id`',
        '`pair` has no primary key or unique index on `id`',
        '`bytes`: ids of the type binary may not stay as the client sent them. Use varchar or char(36)',
        '`aria` has the engine MyISAM, which has no transactions',
        'There is no table `absent`',
      ],
    });
  });

  it('gives rules the same kinds of values as Postgres', async () => {
    await root.query(`
      create table kinds (
        id varchar(36) character set ascii primary key, flag tinyint(1), bit_flag bit(1), small int, big bigint unsigned,
        price decimal(10, 2), ratio float, made json, noted longtext, at datetime(6), stamp timestamp(3) null, day date,
        clock time(2), state enum('a', 'b'), bytes varbinary(4)
      )`);
    const values = {
      ...{
        flag: 1,
        bit_flag: 0,
        small: 7,
        big: '18446744073709551615',
        price: '1.50',
        ratio: 0.1,
        made: '{"a":[1]}',
      },
      ...{
        noted: '{"a":1}',
        at: '2026-01-31T12:00:00.120Z',
        stamp: '2026-01-31T12:00:00Z',
        day: '2026-01-31',
      },
      ...{ clock: '12:30:00', state: 'b', bytes: 'ab' },
    };
    let seen: unknown;
    const kinds = handler({
      tables: {
        kinds: {
          columns: Object.keys(values),
          authorize: ({ stored }) => {
            seen = stored;
            return true;
          },
        },
      },
    });
    const crud = [put('kinds', 'a', values)];
    expect(
      codes((await kinds.apply(ANN, { transactions: [transaction(...crud), transaction(...crud)] })).results),
    ).toEqual(['success', 'success']);
    expect(seen).toEqual({
      ...{
        id: 'a',
        flag: true,
        bit_flag: false,
        small: 7,
        big: '18446744073709551615',
        price: '1.50',
        ratio: 0.1,
      },
      ...{
        made: { a: [1] },
        noted: '{"a":1}',
        at: '2026-01-31 12:00:00.12',
        stamp: '2026-01-31 12:00:00+00',
      },
      ...{ day: '2026-01-31', clock: '12:30:00', state: 'b', bytes: '6162' },
    });
    // The column has no such characters.
    expect(
      codes(
        (await kinds.apply(ANN, { transactions: [transaction(put('kinds', '\u{1f600}', values))] })).results,
      ),
    ).toEqual(['INVALID_DATA']);
    expect(
      codes(
        (await kinds.apply(ANN, { transactions: [transaction(put('kinds', 'c', { state: 'z' }))] })).results,
      ),
    ).toEqual(['INVALID_DATA']);
  });

  it('takes a row that has the values already for changed', async () => {
    const strange = server.pool({
      database: 'app',
      flags: ['-FOUND_ROWS'],
      rowsAsArray: true,
      decimalNumbers: true,
    });
    onTestFinished(() => strange.end());
    const writes = handler({}, strange);
    const crud = [put('lists', 'l1', { name: 'x' })];
    const upload = { transactions: [transaction(...crud), transaction(...crud)] };
    expect(codes((await writes.apply(ANN, upload)).results)).toEqual(['success', 'success']);
  });

  it('takes a pool with callbacks, and anything that opens a transaction', async () => {
    const { port } = (root as unknown as { config: { port: number } }).config;
    const callbacks = mysql2.createPool({ host: '127.0.0.1', port, user: 'root', database: 'app' });
    onTestFinished(() => callbacks.promise().end());
    const opener = {
      async transaction<Result>(
        work: (transaction: {
          query(sql: string, values?: unknown[]): Promise<{ rows: unknown[]; affectedRows?: number }>;
        }) => Promise<Result>,
      ): Promise<Result> {
        const connection = await pool.getConnection();
        try {
          await connection.query('set transaction isolation level read committed');
          await connection.beginTransaction();
          const result = await work({
            async query(sql, values) {
              const [found] = await connection.execute(sql, values as string[]);
              return Array.isArray(found)
                ? { rows: found }
                : { rows: [], affectedRows: (found as ResultSetHeader).affectedRows };
            },
          });
          await connection.commit();
          return result;
        } catch (error) {
          await connection.rollback();
          throw error;
        } finally {
          connection.release();
        }
      },
    };
    for (const client of [callbacks, opener]) {
      const writes = handler({}, client);
      const upload = {
        transactions: [
          transaction(put('lists', 'l1', { name: 'x' })),
          transaction(put('lists', 'L1', { name: 'x' })),
        ],
      };
      expect(codes((await writes.apply(ANN, upload)).results)).toEqual(['success', 'UNIQUE_VIOLATION']);
    }
    expect(() => mysql({} as never)).toThrow(TypeError);
  });

  it('keeps each character, whatever the pool is set to', async () => {
    const latin = server.pool({ database: 'app', charset: 'latin1_swedish_ci' });
    onTestFinished(() => latin.end());
    const upload = { transactions: [transaction(put('lists', '\u{1f600}', { name: '\u{1f600}é' }))] };
    expect(codes((await handler({}, latin).apply(ANN, upload)).results)).toEqual(['success']);
    expect(await rows('select hex(name) as name from lists')).toEqual([{ name: 'F09F9880C3A9' }]);
  });

  it('waits for a connection and for a statement only as long as it may', async () => {
    const one = server.pool({ database: 'app', connectionLimit: 1 });
    onTestFinished(() => one.end());
    const writes = handler({ timeouts: { connect: 100, statement: 100 } }, one);
    await writes.check();
    const upload = { transactions: [transaction(put('lists', 'l1', { name: 'x' }))] };
    const held = await one.getConnection();
    expect(codes((await writes.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    held.release();
    expect(codes((await writes.apply(ANN, upload)).results)).toEqual(['success']);

    await root.query('create trigger slow before update on lists for each row do sleep(3)');
    onTestFinished(async () => {
      await root.query('drop trigger slow');
    });
    const slow = { transactions: [transaction(patch('lists', 'l1', { name: 'y' }))] };
    expect(codes((await writes.apply(ANN, slow)).results)).toEqual(['retryable_error']);
    expect(errors.at(-1)).toMatchObject({ errno: 1969 });
    expect(await rows('select name from lists')).toEqual([{ name: 'x' }]);

    // A server that doesn't answer at all.
    let destroyed = 0;
    const silent = {
      connection: { on: () => {} },
      query: () => new Promise<unknown>(() => {}),
      execute: () => new Promise<[unknown, unknown]>(() => {}),
      unprepare: () => {},
      release: () => expect.unreachable(),
      destroy: () => destroyed++,
    };
    const database = mysql({ getConnection: async () => silent as unknown as PoolConnection });
    const limits = { connectMs: 50, lockMs: 50, statementMs: 50 };
    await expect(database.transaction(limits, async () => {})).rejects.toThrow('A statement took longer');
    expect(destroyed).toBe(1);
  });

  it('leaves room for the prepared statements of others', async () => {
    const columns = Array.from({ length: 9 }, (_, i) => `c${i}`);
    await root.query(`create table wide (id int primary key, ${columns.map((name) => `${name} int`)})`);
    const prepared = async () => {
      const [status] = await rows(`show global status like 'Prepared_stmt_count'`);
      return Number((status as { Value: string }).Value);
    };
    const one = server.pool({ database: 'app', connectionLimit: 1 });
    onTestFinished(() => one.end());
    const wide = handler({ tables: { wide: { columns, authorize: () => true } }, maxTransactions: 600 }, one);
    const before = await prepared();
    const chosen = (i: number) => columns.filter((_, bit) => i & (1 << bit));
    const transactions = Array.from({ length: 512 }, (_, i) =>
      transaction(put('wide', String(i), Object.fromEntries(chosen(i).map((name) => [name, 1])))),
    );
    const { results } = await wide.apply(ANN, { transactions });
    expect(new Set(codes(results))).toEqual(new Set(['success']));
    expect((await prepared()) - before).toBeLessThanOrEqual(200);
  });

  it('takes no pool that undoes the settings of its connections', async () => {
    const resetting = server.pool({ database: 'app', resetOnRelease: true });
    onTestFinished(() => resetting.end());
    expect(() => mysql(resetting)).toThrow('resetOnRelease');
  });

  it('takes the uuid of MariaDB for an id', async () => {
    await root.query('create table native (id uuid primary key, name text)');
    const native = handler({ tables: { native: { columns: ['name'], authorize: () => true } } });
    const crud = [put('native', uuid(1), { name: 'a' })];
    const upload = {
      transactions: [
        transaction(...crud),
        transaction(patch('native', uuid(1), { name: 'b' })),
        transaction(put('native', uuid(2).replace('8000', 'ABCD'))),
      ],
    };
    expect(codes((await native.apply(ANN, upload)).results)).toEqual(['success', 'success', 'INVALID_DATA']);
    expect(await rows('select name from native')).toEqual([{ name: 'b' }]);
  });

  it('has no row level security', async () => {
    const writes = handler({ session: () => ({ role: 'x' }) });
    const upload = { transactions: [transaction(put('lists', 'l1', { name: 'x' }))] };
    expect(codes((await writes.apply(ANN, upload)).results)).toEqual(['retryable_error']);
    expect(String(errors.at(-1))).toContain('no row level security');
  });
});

describe('readMySqlError', () => {
  const read = (errno: number, sqlState = 'HY000', message = 'secret words') =>
    readMySqlError(Object.assign(new Error(message), { errno, sqlState }));

  it('refuses only what is wrong with the data', () => {
    for (const errno of [1040, 1044, 1045, 1054, 1142, 1143, 1146, 1290, 1461, 1615, 1836, 1969, 3024]) {
      expect(read(errno)).toEqual({ kind: 'temporary' });
    }
    for (const errno of [1205, 1213]) expect(read(errno, '40001')).toEqual({ kind: 'again' });
    const refused = [1062, 1048, 1364, 1451, 1452, 3819, 4025, 1369];
    for (const errno of refused) {
      expect(read(errno, '23000')).toMatchObject({
        kind: 'refused',
        message: expect.not.stringMatching('secret'),
      });
    }
    for (const errno of [1264, 1265, 1292, 1366, 1406]) {
      expect(read(errno)).toMatchObject({ kind: 'refused', code: 'INVALID_DATA' });
    }
    expect(read(3140, '22032')).toMatchObject({ code: 'INVALID_DATA' });
    expect(readMySqlError(Object.assign(new Error('x'), { errno: -111, code: 'ECONNREFUSED' }))).toEqual({
      kind: 'temporary',
    });
  });

  it('reads names from the words of MySQL and MariaDB, not from values', () => {
    const details = (errno: number, message: string) =>
      (read(errno, '23000', message) as { details: object }).details;
    expect(details(1062, "Duplicate entry 'x' for key 'a'' for key 'todos.description'")).toEqual({
      constraint: 'todos.description',
    });
    expect(details(1048, "Column 'name' cannot be null")).toEqual({ column: 'name' });
    expect(details(3819, "Check constraint 'lists_chk_1' is violated.")).toEqual({
      constraint: 'lists_chk_1',
    });
    expect(details(4025, 'CONSTRAINT `lists.name` failed for `app`.`lists`')).toEqual({
      constraint: 'lists.name',
    });
  });

  it('finds the error in that of an ORM', () => {
    const cause = Object.assign(new Error('x'), { errno: 1213, sqlState: '40001' });
    expect(readMySqlError(new Error('Failed query', { cause }))).toEqual({ kind: 'again' });
  });
});
