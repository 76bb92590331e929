import { BackendConnector, type ConnectorDatabase, UploadError } from 'powersync-backend-connector';
import { inspectQueue } from 'powersync-backend-connector/diagnostics';
import { discardQueued, exportQueued } from 'powersync-backend-connector/owners';
import {
  listRejected,
  notifyRejected,
  retryRejected,
  type WritableDatabase,
} from 'powersync-backend-connector/rejections';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import type { ClearableDatabase } from '../../../src/owners/drain-and-clear.ts';
import {
  type MemoryDatabase,
  type MemoryDatabaseOptions,
  memoryDatabase,
} from '../../../src/testing/index.ts';
import { recordingTransport, testConnector } from '../../support/connector.ts';

const crudOf = async (db: MemoryDatabase) => (await db.getCrudBatch(1_000))?.crud ?? [];

it('fits everything that the library takes', () => {
  expectTypeOf<MemoryDatabase>().toExtend<ConnectorDatabase>();
  expectTypeOf<MemoryDatabase>().toExtend<WritableDatabase>();
  expectTypeOf<MemoryDatabase>().toExtend<ClearableDatabase>();
});

it.each<[string, unknown]>([
  ['there is no option "shema"', { shema: undefined }],
  ['"clientId"', { clientId: 7 }],
  ['"schema"', { schema: {} }],
  ['"otherSql"', { otherSql: 'SELECT' }],
  ['"rows"', { rows: null }],
  ['"options"', null],
])('says that %s is wrong', (message, options) => {
  expect(() => memoryDatabase(options as MemoryDatabaseOptions)).toThrow(TypeError);
  expect(() => memoryDatabase(options as MemoryDatabaseOptions)).toThrow(message);
});

describe('writing without SQL and without a schema', () => {
  it('queues what SQL would', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a', { name: 'x', done: true, note: null }, { metadata: 'by hand' });
    await db.patch('lists', 'a', { name: null, done: true });
    await db.remove('lists', 'a', { metadata: 'gone' });
    expect(await crudOf(db)).toMatchObject([
      {
        clientId: 1,
        transactionId: 1,
        op: 'PUT',
        id: 'a',
        opData: { done: 1, name: 'x' },
        metadata: 'by hand',
      },
      { clientId: 2, transactionId: 2, op: 'PATCH', id: 'a', opData: { name: null } },
      { clientId: 3, transactionId: 3, op: 'DELETE', id: 'a', opData: undefined, metadata: 'gone' },
    ]);
    expect((await crudOf(db))[1]?.opData).toEqual({ name: null });
  });

  it('puts a row in place of the one there is', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a', { name: 'x', note: 'n' });
    await db.put('lists', 'a', { name: 'y' });
    expect(await db.getAll('SELECT * FROM lists')).toEqual([{ id: 'a', name: 'y', note: null }]);
  });

  it('takes a row that is not there for a downloaded one', async () => {
    const db = memoryDatabase();
    await db.patch('lists', 'a', { name: null, note: 'n' });
    await db.remove('lists', 'b');
    expect((await crudOf(db)).map(({ op, id, opData }) => [op, id, opData])).toEqual([
      ['PATCH', 'a', { name: null, note: 'n' }],
      ['DELETE', 'b', undefined],
    ]);
    expect(await db.getAll('SELECT id, note FROM lists')).toEqual([{ id: 'a', note: 'n' }]);
  });

  it('writes several rows as one transaction', async () => {
    const db = memoryDatabase();
    await db.writeTransaction(async (tx) => {
      await tx.put('lists', 'a');
      await tx.put('todos', 'b', { list_id: 'a' });
      await tx.execute('UPDATE todos SET done = 1');
      expect(await tx.get('SELECT * FROM todos')).toEqual({ id: 'b', list_id: 'a', done: 1 });
    });
    expect((await crudOf(db)).map(({ transactionId }) => transactionId)).toEqual([1, 1, 1]);
  });

  it('names a column whose value no database could take', async () => {
    const db = memoryDatabase();
    await expect(db.put('lists', 'a', { tags: ['x'] as never })).rejects.toThrow('lists.tags');
    expect(await crudOf(db)).toEqual([]);
  });

  it('refuses a transaction that has ended', async () => {
    const db = memoryDatabase();
    const kept = await db.writeTransaction(async (tx) => [tx]);
    await expect(kept[0]?.put('lists', 'a')).rejects.toThrow('has ended');
    await expect(kept[0]?.execute("INSERT INTO lists (id) VALUES ('a')")).rejects.toThrow('has ended');
    expect(await crudOf(db)).toEqual([]);
  });
});

describe('completions', () => {
  it('are told, stale ones too, and what was passed to them', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a');
    await db.put('lists', 'b');
    const handle = await db.getCrudBatch(1);
    await handle?.complete();
    await (await db.getNextCrudTransaction())?.complete('42');
    expect(db.staleCompletions).toBe(0);
    expect(db.downloadsFrozen).toBe(false);
    await handle?.complete();
    expect(db.completions).toEqual([
      { lastOpId: 1, removed: 1, argument: undefined },
      { lastOpId: 2, removed: 1, argument: '42' },
      { lastOpId: 1, removed: 0, argument: undefined },
    ]);
    expect(db.staleCompletions).toBe(1);
  });

  it('a stale one stops downloads until the next write', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a');
    const handle = await db.getCrudBatch();
    await handle?.complete();
    await handle?.complete();
    expect(db.downloadsFrozen).toBe(true);
    expect(await db.download({ lists: [] })).toBe(false);
    await db.put('lists', 'b');
    expect(db.downloadsFrozen).toBe(false);
  });

  it('can be made to fail just before', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a');
    db.beforeComplete = vi.fn(async () => {
      throw new Error('killed');
    });
    await expect((await db.getCrudBatch())?.complete()).rejects.toThrow('killed');
    expect(db.beforeComplete).toHaveBeenCalledExactlyOnceWith(1);
    expect(await crudOf(db)).toHaveLength(1);
  });
});

it('can be asked just after a completion, before complete() ends', async () => {
  const db = memoryDatabase();
  await db.put('lists', 'a');
  const seen: unknown[] = [];
  db.afterComplete = async (lastOpId) => seen.push(lastOpId, await db.getCrudBatch());
  await (await db.getNextCrudTransaction())?.complete();
  expect(seen).toEqual([1, null]);
});

describe('download()', () => {
  it('makes rows what the server has, and queues nothing', async () => {
    const db = memoryDatabase({ rows: { lists: [{ id: 'a', name: 'old' }] } });
    expect(await db.download({ lists: [{ id: 'a', name: 'new' }, { id: 'b' }] })).toBe(true);
    expect(await db.getAll('SELECT * FROM lists')).toEqual([
      { id: 'a', name: 'new' },
      { id: 'b', name: null },
    ]);
    expect(await crudOf(db)).toEqual([]);
  });

  it('waits for the queue to be empty, as PowerSync does', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a', { name: 'mine' });
    expect(await db.download({ lists: [{ id: 'a', name: 'theirs' }] })).toBe(false);
    expect(await db.getOptional('SELECT name FROM lists')).toEqual({ name: 'mine' });
  });
});

describe('the file', () => {
  it('is the same when it is opened again', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a');
    const again = db.reopen();
    expect(await again.getClientId()).toBe(await db.getClientId());
    await (await again.getCrudBatch())?.complete();
    expect(await db.getCrudBatch()).toBeNull();
    expect(db.completions).toHaveLength(1);
  });

  it('goes its own way when it is copied, with the same client id and op ids', async () => {
    const db = memoryDatabase({ clientId: 'device' });
    await db.put('lists', 'a');
    const backup = db.copy();
    await db.put('lists', 'lost');
    await backup.put('lists', 'other');
    expect(await backup.getClientId()).toBe('device');
    expect((await crudOf(db)).map(({ clientId, id }) => [clientId, id])).toEqual([
      [1, 'a'],
      [2, 'lost'],
    ]);
    expect((await crudOf(backup)).map(({ clientId, id }) => [clientId, id])).toEqual([
      [1, 'a'],
      [2, 'other'],
    ]);
  });

  it('has a client id that no other has', async () => {
    expect(await memoryDatabase().getClientId()).not.toBe(await memoryDatabase().getClientId());
  });
});

describe('SQL', () => {
  it.each([
    'SELECT * FROM a JOIN b ON a.id = b.id',
    'SELECT * FROM lists WHERE name LIKE ?',
    'SELECT max(id) FROM lists',
    'PRAGMA user_version',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'DROP TABLE lists',
    'SELECT 1; SELECT 2',
    'INSERT INTO lists SELECT * FROM todos',
    'CREATE INDEX i ON lists (name)',
    'SELECT #',
    "SELECT 'open",
    'SELECT',
    '',
  ])('that it does not know is an error which names it: %s', async (sql) => {
    const db = memoryDatabase();
    await expect(db.execute(sql)).rejects.toThrow('this statement is beyond its SQL');
    await expect(db.getAll(sql)).rejects.toThrow(sql);
  });

  it('that it does not know goes to otherSql, and only that', async () => {
    const asked: [string, readonly unknown[]][] = [];
    const db = memoryDatabase({
      otherSql(sql, parameters) {
        asked.push([sql, parameters]);
        return sql.includes('JOIN') ? [{ n: 7 }] : undefined;
      },
    });
    const join = 'SELECT n FROM a JOIN b ON a.id = b.id WHERE a.id = ?';
    expect(await db.get(join, [true])).toEqual({ n: 7 });
    await expect(db.getAll('PRAGMA x')).rejects.toThrow('PRAGMA x');
    await expect(db.getAll('SELECT id FROM ps_nothing')).rejects.toThrow('no such table');
    expect(asked).toEqual([
      [join, [1]],
      ['PRAGMA x', []],
    ]);
  });

  it.each<[string, unknown[], unknown]>([
    ['SELECT 1 + 2 * 3 AS x', [], { x: 7 }],
    ["SELECT 'it''s' || ?  AS x", [' me'], { x: "it's me" }],
    ['SELECT NULL = NULL AS x, NULL IS NULL AS y, NOT NULL AS z', [], { x: null, y: 1, z: null }],
    ['SELECT 1 OR NULL AS x, 0 AND NULL AS y, 0 OR NULL AS z', [], { x: 1, y: 0, z: null }],
    ["SELECT 2 < 10 AS x, '2' < '10' AS y, 3 < '1' AS z", [], { x: 1, y: 0, z: 1 }],
    ['SELECT 3 IN (1, 2, 3) AS x, 4 NOT IN (1, NULL) AS y, 1 IN (1, NULL) AS z', [], { x: 1, y: null, z: 1 }],
    ["SELECT CASE ? WHEN 1 THEN 'one' ELSE 'more' END AS x", [2], { x: 'more' }],
    ["SELECT CASE WHEN ? > 1 THEN 'more' END AS x", [1], { x: null }],
    ['SELECT coalesce(NULL, ?, 2) AS x, ifnull(NULL, -1) AS y', [0], { x: 0, y: -1 }],
    [
      'SELECT (SELECT seq FROM sqlite_sequence) AS x, EXISTS (SELECT 1 FROM ps_crud) AS y',
      [],
      { x: null, y: 0 },
    ],
    ["SELECT count(*) AS n FROM json_each('[1,2,3]') WHERE value > 1", [], { n: 2 }],
    ['SELECT 1', [], { 1: 1 }],
  ])('reckons as SQLite does: %s', async (sql, parameters, row) => {
    const { DatabaseSync } = await import('node:sqlite');
    const sqlite = new DatabaseSync(':memory:');
    sqlite.exec('CREATE TABLE ps_crud (id INTEGER PRIMARY KEY AUTOINCREMENT)');
    expect({ ...sqlite.prepare(sql).get(...(parameters as [])) }).toEqual(row);
    expect(await memoryDatabase().get(sql, parameters)).toEqual(row);
  });

  it('keeps the rules of a plain table', async () => {
    const db = memoryDatabase();
    await db.execute('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, n INTEGER)');
    await expect(db.execute('CREATE TABLE notes (id TEXT)')).rejects.toThrow('already exists');
    await db.execute("INSERT INTO notes (text, n) VALUES (1, '2'), ('b', 3)");
    await db.execute("INSERT INTO notes VALUES (10, 'c', 4)");
    await db.execute("INSERT INTO notes (id, text) VALUES (5, 'between')");
    expect(await db.getAll('SELECT * FROM notes')).toEqual([
      { id: 1, text: '1', n: 2 },
      { id: 2, text: 'b', n: 3 },
      { id: 5, text: 'between', n: null },
      { id: 10, text: 'c', n: 4 },
    ]);
    await expect(db.execute('INSERT INTO notes (text) VALUES (NULL)')).rejects.toThrow('NOT NULL constraint');
    await expect(db.execute("INSERT INTO notes (id, text) VALUES (1, 'x')")).rejects.toThrow(
      'UNIQUE constraint',
    );
    await expect(db.execute('UPDATE notes SET id = 2 WHERE id = 1')).rejects.toThrow('UNIQUE constraint');
    await expect(db.execute('SELECT nope FROM notes')).rejects.toThrow('no such column: nope');
    await expect(db.execute("INSERT INTO notes (nope) VALUES ('x')")).rejects.toThrow('no column named nope');
    const result = await db.execute('DELETE FROM notes WHERE n > ? RETURNING id', [2]);
    expect(result).toMatchObject({ rowsAffected: 2, array: [{ id: 2 }, { id: 10 }] });
  });

  it('has no table of its own kind that nobody made', async () => {
    const db = memoryDatabase();
    await expect(db.getAll('SELECT * FROM connector_nothing')).rejects.toThrow(
      'no such table: connector_nothing',
    );
    expect(await db.getAll('SELECT * FROM whatever')).toEqual([]);
    await expect(db.execute("INSERT INTO sqlite_master (name) VALUES ('x')")).rejects.toThrow(
      'may not be modified',
    );
    await expect(db.get('SELECT * FROM whatever')).rejects.toThrow('Result set is empty');
  });
});

describe('a connector over it', () => {
  it('drains, and asks no more', async () => {
    const db = memoryDatabase();
    for (const name of ['a', 'b', 'c']) await db.put('lists', name);
    const { transport, batches } = recordingTransport();
    expect(await testConnector({ transport }).connector.drain(db)).toMatchObject({
      drained: true,
      applied: 3,
    });
    expect(batches.flatMap(({ transactions }) => transactions.map(({ entries }) => entries[0]?.id))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(db.staleCompletions).toBe(0);
    expect(db.completions.every(({ argument }) => argument === undefined)).toBe(true);
  });

  it('records a rejected write, which the user is told of, edits and tries again', async () => {
    const db = memoryDatabase({ rows: { todos: [{ id: 'a', description: 'saved' }] } });
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(({ entries }) =>
          entries.some(({ opData }) => opData?.description === 'too long')
            ? { status: 'rejected', error: new UploadError('invalid', 'Too long.') }
            : { status: 'applied' },
        ),
    });
    await db.patch('todos', 'a', { description: 'too long' });
    await connector.drain(db);
    await db.download({ todos: [{ id: 'a', description: 'saved' }] });
    expect(await db.get('SELECT description FROM todos')).toEqual({ description: 'saved' });

    const told: string[] = [];
    await notifyRejected(db, ({ code }) => told.push(code));
    await notifyRejected(db.reopen(), ({ code }) => told.push(code));
    expect(told).toEqual(['invalid']);
    const [write] = await listRejected(db);
    await retryRejected(db, write?.key ?? '', {
      edit: (entry) => ({ ...entry, opData: { description: 'short' } }),
    });
    expect((await crudOf(db)).map(({ op, opData }) => [op, opData])).toEqual([
      ['PATCH', { description: 'short' }],
    ]);
    expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 1 });
    expect(await listRejected(db)).toEqual([]);
  });

  it('keeps apart whose writes they are', async () => {
    const db = memoryDatabase();
    const { connector } = testConnector();
    await connector.setOwner(db, 'ada');
    await db.put('lists', 'of ada');
    await connector.setOwner(db, 'bob');
    await db.put('lists', 'of bob');
    expect(await connector.drain(db)).toMatchObject({ drained: false, error: { code: 'owner_mismatch' } });
    expect((await exportQueued(db)).map(({ owner }) => owner)).toEqual(['ada', 'bob']);
    expect(await discardQueued(db, 'ada')).toBe(1);
    expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 1 });
  });

  it('shows its queue, leaves, and uploads on new writes', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a');
    expect(await inspectQueue(db)).toMatchObject({
      queuedEntries: 1,
      transactions: [{ entries: [{ table: 'lists' }] }],
    });
    const { connector } = testConnector();
    const stop = new AbortController();
    connector.keepUploading(db, { signal: stop.signal });
    await expect.poll(() => crudOf(db)).toEqual([]);
    await db.put('lists', 'b');
    await expect.poll(() => crudOf(db)).toEqual([]);
    stop.abort();
    await db.put('lists', 'c');
    expect(await connector.drainAndClear(db, { unsent: 'discard', timeoutMs: 1 })).toMatchObject({
      cleared: true,
    });
    expect(await db.getAll('SELECT * FROM lists')).toEqual([]);
  });

  it('survives a database that is killed before it completes', async () => {
    const db = memoryDatabase();
    await db.put('lists', 'a');
    const { transport, keys } = recordingTransport();
    db.beforeComplete = () => {
      throw new Error('killed');
    };
    await expect(testConnector({ transport }).connector.uploadData(db)).rejects.toThrow();
    expect(await crudOf(db)).toHaveLength(1);
    const restarted = db.reopen();
    await new BackendConnector({
      endpoint: 'https://service.test',
      credentials: async () => null,
      transport,
    }).uploadData(restarted);
    expect(await crudOf(db)).toEqual([]);
    expect(keys()[0]).toBe(keys()[1]);
  });
});
