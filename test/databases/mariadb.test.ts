import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { defaultVerdict } from '../../src/error/codes.ts';
import { codeFromMySqlErrno } from '../../src/error/mysql.ts';
import { codeFromFailureText } from '../../src/presets/failure-text.ts';
import { waitFor } from '../support/client.ts';
import { findMariaDb, type MariaDb, startMariaDb } from './mariadb.ts';

const isLeftOut = !findMariaDb();

let server: MariaDb;
let root: Connection;

beforeAll(async () => {
  server = await startMariaDb('--max-connections=10', '--max-allowed-packet=1M');
  root = await server.connect({ multipleStatements: true });
  await root.query(`
    CREATE DATABASE app;
    USE app;
    CREATE TABLE lists (id varchar(36) PRIMARY KEY, name varchar(10) NOT NULL, position int UNIQUE);
    CREATE TABLE todos (
      id varchar(36) PRIMARY KEY,
      list_id varchar(36) REFERENCES lists (id),
      priority tinyint CHECK (priority <> 9),
      state ENUM ('open', 'done'),
      due datetime,
      settings json
    );
    CREATE VIEW open_todos AS SELECT * FROM todos WHERE state = 'open' WITH CHECK OPTION;
    CREATE TABLE locked (id int PRIMARY KEY, value int);
    CREATE TRIGGER closed BEFORE DELETE ON locked FOR EACH ROW
      SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'rows stay';
    INSERT INTO lists VALUES ('list', 'one', 1);
    INSERT INTO todos (id, list_id) VALUES ('todo', 'list');
    INSERT INTO locked VALUES (1, 0), (2, 0);
    CREATE USER app@'%';
    GRANT SELECT ON app.lists TO app@'%';
    GRANT SELECT, UPDATE (value) ON app.locked TO app@'%';
    CREATE USER one_connection@'%' WITH MAX_USER_CONNECTIONS 1;
  `);
});

afterAll(async () => {
  await root?.end();
  await server?.stop();
});

/** A further connection to the app's database, closed with the test. */
async function connect(user = 'root'): Promise<Connection> {
  const connection = await server.connect({ database: 'app', user });
  connection.on('error', () => {});
  onTestFinished(() => connection.destroy());
  return connection;
}

/** The error that a statement fails with. */
async function errorOf(failing: Promise<unknown>): Promise<Error & { errno?: unknown }> {
  const error: unknown = await failing.then(
    () => new Error('It worked'),
    (thrown) => thrown,
  );
  if (!(error instanceof Error) || !('code' in error)) throw error;
  return error;
}

/** The number of the error, which must be one of those that keep the write by their words, too. */
async function keptErrnoOf(failing: Promise<unknown>): Promise<number | undefined> {
  const { errno, message } = await errorOf(failing);
  expect(codeFromFailureText(message)).toBe('unavailable');
  return typeof errno === 'number' ? errno : undefined;
}

describe.skipIf(isLeftOut)('a write that MariaDB refuses', () => {
  it.each([
    ['a duplicate primary key', 'conflict', "INSERT INTO lists (id, name) VALUES ('list', 'x')"],
    ['a duplicate unique key', 'conflict', "INSERT INTO lists VALUES ('new', 'x', 1)"],
    ['a foreign key without its parent', 'conflict', "INSERT INTO todos (id, list_id) VALUES ('n', 'gone')"],
    ['a parent with children', 'conflict', "DELETE FROM lists WHERE id = 'list'"],
    ['null in a NOT NULL column', 'invalid', "INSERT INTO lists (id, name) VALUES ('new', NULL)"],
    ['a NOT NULL column left out', 'invalid', "INSERT INTO lists (id) VALUES ('new')"],
    ['a CHECK that fails', 'invalid', "INSERT INTO todos (id, priority) VALUES ('new', 9)"],
    ['a CHECK of a json column', 'invalid', "INSERT INTO todos (id, settings) VALUES ('new', '{')"],
    ['a number out of range', 'invalid', "INSERT INTO todos (id, priority) VALUES ('new', 1000)"],
    ['an expression out of range', 'invalid', 'UPDATE locked SET value = ~0 + 1'],
    ['text for a number', 'invalid', "INSERT INTO todos (id, priority) VALUES ('new', 'high')"],
    ['a number with text behind it', 'invalid', "INSERT INTO todos (id, priority) VALUES ('new', '1st')"],
    ['a value an ENUM does not have', 'invalid', "INSERT INTO todos (id, state) VALUES ('new', 'late')"],
    ['text for a date', 'invalid', "INSERT INTO todos (id, due) VALUES ('new', 'tomorrow')"],
    ['text that is too long', 'invalid', "INSERT INTO lists (id, name) VALUES ('new', 'eleven char')"],
    ['a row outside a view', 'invalid', "INSERT INTO open_todos (id, state) VALUES ('new', 'done')"],
    ['SIGNAL in a trigger', 'invalid', 'DELETE FROM locked'],
  ])('for %s is %s, and rejected', async (_, code, sql) => {
    const { errno, message } = await errorOf(root.query(sql));
    expect(codeFromMySqlErrno(errno as number)).toBe(code);
    expect(defaultVerdict(codeFromMySqlErrno(errno as number))).toBe('reject');
    // What SIGNAL, a view and an expression say can't be told from other words: `unclassified` there.
    expect([code, undefined]).toContain(codeFromFailureText(message));
    expect(codeFromFailureText(message) === undefined).toBe(/^(rows stay|CHECK OPTION|BIGINT)/.test(message));
  });

  it('for being larger than a packet is too_large, or kept where the connection breaks before it is told', async () => {
    const connection = await connect();
    const statement = connection.query('INSERT INTO lists (id, name) VALUES (?, ?)', [
      'new',
      'x'.repeat(2 ** 20),
    ]);
    const { errno } = await errorOf(statement);
    expect(['too_large', 'unknown']).toContain(codeFromMySqlErrno(errno as number));
  });
});

describe.skipIf(isLeftOut)('a write that meets a schema MariaDB does not have', () => {
  it.each([
    ['an unknown table', 'INSERT INTO projects (id) VALUES (1)'],
    ['an unknown column', "UPDATE lists SET colour = 'red'"],
    ['an unknown column of an insert', "INSERT INTO lists (id, colour) VALUES ('new', 'red')"],
    ['an unknown procedure', 'CALL sync_lists()'],
    ['an unknown function', 'SELECT sync_lists()'],
  ])('for %s is held', async (_, sql) => {
    const { errno, message } = await errorOf(root.query(sql));
    expect(codeFromMySqlErrno(errno as number)).toBe('schema_mismatch');
    expect(codeFromFailureText(message)).toBe('schema_mismatch');
  });
});

describe.skipIf(isLeftOut)('a failure of MariaDB that says nothing of the row', () => {
  it.each([
    ['a table without a grant', "INSERT INTO todos (id) VALUES ('new')"],
    ['a column without a grant', 'UPDATE locked SET id = 3'],
    ['an operation without a grant', "DELETE FROM lists WHERE id = 'list'"],
    ['a database without a grant', 'USE mysql'],
    ['a privilege without a grant', 'SET GLOBAL read_only = 0'],
  ])('is misconfigured for %s', async (_, sql) => {
    const app = await connect('app');
    expect(codeFromMySqlErrno(await keptErrnoOf(app.query(sql)))).toBe('misconfigured');
  });

  it('is misconfigured for a password that is wrong', async () => {
    const connecting = server.connect({ user: 'app', password: 'guessed' });
    expect(codeFromMySqlErrno(await keptErrnoOf(connecting))).toBe('misconfigured');
  });

  it('is unknown, and so kept, for a syntax error in the server', async () => {
    const { errno, message } = await errorOf(root.query('UPDATE lists SET WHERE 1'));
    expect(codeFromMySqlErrno(errno as number)).toBe('unknown');
    expect(codeFromFailureText(message)).toBeUndefined();
  });

  it('is unavailable for the victim of a deadlock', async () => {
    const [a, b] = [await connect(), await connect()];
    await a.query('START TRANSACTION');
    await b.query('START TRANSACTION');
    await a.query('UPDATE locked SET value = 1 WHERE id = 1');
    await b.query('UPDATE locked SET value = 1 WHERE id = 2');
    const both = [
      a.query('UPDATE locked SET value = 1 WHERE id = 2').finally(() => a.query('ROLLBACK')),
      b.query('UPDATE locked SET value = 1 WHERE id = 1').finally(() => b.query('ROLLBACK')),
    ];
    const reasons = (await Promise.allSettled(both)).flatMap((each) =>
      each.status === 'rejected' ? [each.reason] : [],
    );
    expect(reasons).toMatchObject([{ errno: 1213 }]);
    expect(codeFromMySqlErrno(reasons[0].errno)).toBe('unavailable');
    expect(codeFromFailureText(reasons[0].message)).toBe('unavailable');
  });

  it.each([
    ['a lock that is waited for too long', 'UPDATE locked SET value = 2 WHERE id = 1'],
    ['a lock that is not waited for', 'SELECT * FROM locked WHERE id = 1 FOR UPDATE NOWAIT'],
  ])('is unavailable for %s', async (_, sql) => {
    const [a, b] = [await connect(), await connect()];
    await b.query('SET innodb_lock_wait_timeout = 1');
    await a.query('START TRANSACTION');
    await a.query('UPDATE locked SET value = 1 WHERE id = 1');
    expect(codeFromMySqlErrno(await keptErrnoOf(b.query(sql)))).toBe('unavailable');
  });

  it('is unavailable for a row that changed since the snapshot', async () => {
    const [a, b] = [await connect(), await connect()];
    await a.query('SET innodb_snapshot_isolation = ON');
    await a.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    await b.query('UPDATE locked SET value = value + 1 WHERE id = 1');
    expect(codeFromMySqlErrno(await keptErrnoOf(a.query('UPDATE locked SET value = 0 WHERE id = 1')))).toBe(
      'unavailable',
    );
  });

  it('is unavailable on a read-only server', async () => {
    await root.query("CREATE USER IF NOT EXISTS writer@'%'; GRANT INSERT ON app.* TO writer@'%'");
    const writer = await connect('writer');
    await root.query('SET GLOBAL read_only = ON');
    onTestFinished(async () => void (await root.query('SET GLOBAL read_only = OFF')));
    const statement = writer.query("INSERT INTO lists (id, name) VALUES ('new', 'x')");
    expect(codeFromMySqlErrno(await keptErrnoOf(statement))).toBe('unavailable');
  });

  it('is unavailable in a read-only transaction', async () => {
    const connection = await connect();
    await connection.query('START TRANSACTION READ ONLY');
    expect(codeFromMySqlErrno(await keptErrnoOf(connection.query('UPDATE locked SET value = 0')))).toBe(
      'unavailable',
    );
  });

  it('is a timeout where max_statement_time ran out', async () => {
    const statement = root.query('SET STATEMENT max_statement_time = 0.05 FOR SELECT SLEEP(10)');
    expect(codeFromMySqlErrno(await keptErrnoOf(statement))).toBe('timeout');
  });

  it('is a timeout for a query that was killed', async () => {
    const connection = await connect();
    const statement = keptErrnoOf(connection.query('SELECT SLEEP(10) FROM locked FOR UPDATE'));
    await untilRunning(connection);
    await root.query(`KILL QUERY ${connection.threadId}`);
    expect(codeFromMySqlErrno(await statement)).toBe('timeout');
  });

  it('is kept for a connection that was lost', async () => {
    const connection = await connect();
    const statement = keptErrnoOf(connection.query('SELECT SLEEP(10)'));
    await untilRunning(connection);
    await root.query(`KILL CONNECTION ${connection.threadId}`);
    const errno = await statement;
    expect(['unavailable', 'unknown']).toContain(codeFromMySqlErrno(errno));
    expect(errno).not.toBe(0);
  });

  it('is unavailable for too many connections', async () => {
    const open: Connection[] = [];
    onTestFinished(() => open.forEach((each) => void each.destroy()));
    const connecting = async () => {
      for (;;) open.push(await server.connect({ user: 'app' }));
    };
    expect(codeFromMySqlErrno(await keptErrnoOf(connecting()))).toBe('unavailable');
  });

  it('is unavailable for too many connections of one user', async () => {
    const user = 'one_connection';
    // Once the server has noticed that the connections of the test before are gone.
    const first = await waitFor(() => server.connect({ user }));
    onTestFinished(() => first.destroy());
    expect(codeFromMySqlErrno(await keptErrnoOf(server.connect({ user })))).toBe('unavailable');
  });
});

describe.skipIf(isLeftOut)('while MariaDB shuts down', () => {
  it('a write is kept', async () => {
    const another = await startMariaDb();
    const connection = await another.connect();
    connection.on('error', () => {});
    const statement = keptErrnoOf(connection.query('SELECT SLEEP(30)'));
    await another.stop();
    expect(defaultVerdict(codeFromMySqlErrno(await statement))).toBe('retry');
    expect(defaultVerdict(codeFromMySqlErrno(await keptErrnoOf(another.connect())))).toBe('retry');
  });
});

async function untilRunning({ threadId }: Connection): Promise<void> {
  await waitFor(async () => {
    const [rows] = await root.query<RowDataPacket[]>(
      'SELECT 1 FROM information_schema.processlist WHERE id = ? AND info LIKE ?',
      [threadId, '%SLEEP%'],
    );
    return rows.length > 0;
  });
}
