import type { CrudBatchLike, CrudEntryLike } from 'powersync-backend-connector';
import { expect, vi } from 'vitest';

/** The members that the cases use. Both the SDK's database and `memoryDatabase()` have them. */
export interface QueueDatabase {
  execute(sql: string, parameters?: unknown[]): Promise<unknown>;
  getAll<T>(sql: string, parameters?: unknown[]): Promise<T[]>;
  getClientId(): Promise<string>;
  getCrudBatch(limit?: number): Promise<CrudBatchLike | null>;
  getNextCrudTransaction(): Promise<(CrudBatchLike & { transactionId?: number | undefined }) | null>;
  getCrudTransactions(): AsyncIterable<CrudBatchLike & { transactionId?: number | undefined }>;
  getUploadQueueStats(includeSize?: boolean): Promise<{ count: number; size: number | null }>;
  writeTransaction<T>(
    callback: (transaction: Pick<QueueDatabase, 'execute' | 'getAll'>) => Promise<T>,
  ): Promise<T>;
  disconnectAndClear(): Promise<void>;
  onChange(
    handler: { onChange(event: { readonly changedTables: string[] }): void },
    options: { tables: string[]; throttleMs: number },
  ): () => void;
}

export interface QueueCase {
  name: string;
  /** What is different in SDK 1.x. */
  differsIn1?: string;
  run(db: QueueDatabase): Promise<void>;
}

/** The queue as a connector reads it, in a form that shows the order of members. */
export async function wholeQueue(db: QueueDatabase): Promise<object[]> {
  const crud = (await db.getCrudBatch(100_000))?.crud ?? [];
  return crud.map((entry) => ({
    ...entry,
    opData: entry.opData && Object.entries(entry.opData),
    previousValues: entry.previousValues && Object.entries(entry.previousValues),
  }));
}

async function addLists(db: QueueDatabase, ...ids: string[]): Promise<void> {
  for (const id of ids) await db.execute('INSERT INTO lists (id, name) VALUES (?, ?)', [id, `list ${id}`]);
}

/** Queues an entry that has no transaction id. */
export async function addAlone(db: QueueDatabase, id: string): Promise<void> {
  const data = JSON.stringify({ op: 'PUT', type: 'lists', id, data: {} });
  await db.execute('INSERT INTO ps_crud (tx_id, data) VALUES (NULL, ?)', [data]);
}

const idsOf = (batch: CrudBatchLike | null) => batch?.crud.map(({ id }) => id);
const opIdsOf = (batch: CrudBatchLike | null) => batch?.crud.map(({ clientId }) => clientId);
const firstOf = (batch: CrudBatchLike | null) => batch?.crud[0] as CrudEntryLike;

async function lastEntry(db: QueueDatabase): Promise<CrudEntryLike> {
  const crud = (await db.getCrudBatch(100_000))?.crud ?? [];
  return crud[crud.length - 1] as CrudEntryLike;
}

async function eachTransaction(db: QueueDatabase) {
  const found: Awaited<ReturnType<QueueDatabase['getNextCrudTransaction']>>[] = [];
  const iterator = db.getCrudTransactions()[Symbol.asyncIterator]();
  for (let next = await iterator.next(); !next.done; next = await iterator.next()) found.push(next.value);
  return found;
}

/**
 * How the upload queue of a PowerSync database behaves. Each case gets an empty database with the tables `lists` (`name`,
 * `owner_id`) and `todos` (with previous values and metadata) of `openClient()`.
 */
export const queueCases: QueueCase[] = [
  {
    name: 'an empty queue is null, in whatever way it is read',
    async run(db) {
      expect(await db.getCrudBatch()).toBeNull();
      expect(await db.getNextCrudTransaction()).toBeNull();
      expect(await eachTransaction(db)).toEqual([]);
      expect((await db.getUploadQueueStats()).count).toBe(0);
      expect((await db.getUploadQueueStats(true)).size).toBe(0);
    },
  },
  {
    name: 'a PUT leaves null columns out, and may be empty',
    async run(db) {
      await db.execute("INSERT INTO lists (id, name, owner_id) VALUES ('a', 'x', NULL), ('b', NULL, NULL)");
      const crud = (await db.getCrudBatch())?.crud;
      expect(crud).toMatchObject([
        { op: 'PUT', table: 'lists', id: 'a' },
        { op: 'PUT', id: 'b' },
      ]);
      expect(crud?.map(({ opData }) => opData)).toEqual([{ name: 'x' }, {}]);
      expect(crud?.[0]?.previousValues).toBeUndefined();
      expect(crud?.[0]?.metadata).toBeUndefined();
    },
  },
  {
    name: 'INSERT OR REPLACE is one PUT with the new values',
    async run(db) {
      await db.execute("INSERT INTO lists (id, name, owner_id) VALUES ('a', 'x', 'ada')");
      await db.execute("INSERT OR REPLACE INTO lists (id, name) VALUES ('a', 'y')");
      expect((await lastEntry(db)).opData).toEqual({ name: 'y' });
      expect(await db.getAll('SELECT * FROM lists')).toEqual([{ id: 'a', name: 'y', owner_id: null }]);
    },
  },
  {
    name: 'INSERT OR IGNORE does not change the row, but is queued',
    async run(db) {
      await addLists(db, 'a');
      await db.execute("INSERT OR IGNORE INTO lists (id, name) VALUES ('a', 'y')");
      expect((await lastEntry(db)).opData).toEqual({ name: 'y' });
      expect(await db.getAll('SELECT name FROM lists')).toEqual([{ name: 'list a' }]);
    },
  },
  {
    name: 'a PATCH has the columns that change, with explicit nulls',
    async run(db) {
      await db.execute("INSERT INTO lists (id, name, owner_id) VALUES ('a', 'x', 'ada')");
      await db.execute("UPDATE lists SET name = NULL, owner_id = 'ada' WHERE id = 'a'");
      expect(await lastEntry(db)).toMatchObject({ op: 'PATCH', opData: { name: null } });
      expect((await lastEntry(db)).opData).toEqual({ name: null });
    },
  },
  {
    name: 'an UPDATE that changes nothing is an empty PATCH; one that matches no row is none',
    async run(db) {
      await addLists(db, 'a');
      await db.execute("UPDATE lists SET name = 'list a'");
      await db.execute("UPDATE lists SET name = 'z' WHERE id = 'nobody'");
      expect((await db.getUploadQueueStats()).count).toBe(2);
      expect(await lastEntry(db)).toMatchObject({ op: 'PATCH', opData: {} });
    },
  },
  {
    name: 'a DELETE has no columns; one that matches no row is none',
    async run(db) {
      await addLists(db, 'a');
      await db.execute("DELETE FROM lists WHERE id = 'a'");
      await db.execute("DELETE FROM lists WHERE id = 'a'");
      expect((await db.getUploadQueueStats()).count).toBe(2);
      expect((await lastEntry(db)).opData).toBeUndefined();
    },
  },
  {
    name: 'previous values come with PATCH and DELETE, metadata with all three',
    async run(db) {
      await db.execute("INSERT INTO todos (id, description, _metadata) VALUES ('t', 'x', 'first')");
      await db.execute("UPDATE todos SET description = 'y', _metadata = 'second' WHERE id = 't'");
      await db.execute("UPDATE todos SET _deleted = TRUE, _metadata = 'third' WHERE id = 't'");
      const crud = (await db.getCrudBatch())?.crud ?? [];
      expect(crud.map(({ op, metadata }) => [op, metadata])).toEqual([
        ['PUT', 'first'],
        ['PATCH', 'second'],
        ['DELETE', 'third'],
      ]);
      expect(crud.map(({ previousValues }) => previousValues)).toEqual([
        undefined,
        { list_id: null, description: 'x', completed: null, owner_id: null },
        { list_id: null, description: 'y', completed: null, owner_id: null },
      ]);
      expect(await db.getAll('SELECT * FROM todos')).toEqual([]);
    },
  },
  {
    name: 'an INSERT keeps the type of a value, an UPDATE converts it to that of the column',
    async run(db) {
      await db.execute("INSERT INTO todos (id, completed) VALUES ('t', '17')");
      expect((await lastEntry(db)).opData).toEqual({ completed: '17' });
      expect(await db.getAll('SELECT completed FROM todos')).toEqual([{ completed: 17 }]);
      await db.execute("UPDATE todos SET completed = '18', description = '5' WHERE id = 't'");
      expect((await lastEntry(db)).opData).toEqual({ completed: 18, description: '5' });
      await db.execute("UPDATE todos SET completed = 'many' WHERE id = 't'");
      expect((await lastEntry(db)).opData).toEqual({ completed: 'many' });
    },
  },
  {
    name: 'parameters: booleans are 0 and 1, NaN is null, big integers lose their last digits',
    async run(db) {
      for (const value of [true, false, Number.NaN, 10n, 9007199254740993n])
        await db.execute('INSERT INTO lists (id, name) VALUES (uuid(), ?)', [value]);
      const values = (await db.getCrudBatch())?.crud.map(({ opData }) => opData?.name);
      expect(values).toEqual([1, 0, undefined, 10, 9007199254740992]);
      await expect(
        db.execute('INSERT INTO lists (id, name) VALUES (uuid(), ?)', [undefined]),
      ).rejects.toThrow();
      await expect(
        db.execute('INSERT INTO lists (id, name) VALUES (uuid(), ?)', [{ a: 1 }]),
      ).rejects.toThrow();
      await expect(db.execute('SELECT ?', [1, 2])).rejects.toThrow('column index out of range');
    },
  },
  {
    name: 'data goes through JSON: odd texts and names come back unchanged',
    async run(db) {
      for (const text of ['"quoted" \\ \n', '🥛', '\u2028', '{"a":1}', '__proto__', ''])
        await db.execute('INSERT INTO lists (id, name) VALUES (?, ?)', [`id ${text}`, text]);
      const crud = (await db.getCrudBatch())?.crud ?? [];
      expect(crud.map(({ opData }) => opData?.name)).toEqual([
        '"quoted" \\ \n',
        '🥛',
        '\u2028',
        '{"a":1}',
        '__proto__',
        '',
      ]);
      expect(crud[1]?.id).toBe('id 🥛');
    },
  },
  {
    name: 'a bad row is an error that says what is wrong, and nothing is queued',
    async run(db) {
      await addLists(db, 'a');
      const wrong: [string, string][] = [
        ["INSERT INTO lists (id) VALUES ('a')", 'UNIQUE constraint failed'],
        ["INSERT INTO lists (name) VALUES ('a')", 'id is required'],
        ['INSERT INTO lists (id) VALUES (7)', 'id should be text'],
        ["UPDATE lists SET id = 'b'", 'Cannot update id'],
        ["INSERT INTO lists (id, nope) VALUES ('b', 1)", 'table lists has no column named nope'],
        ['UPDATE lists SET nope = 1', 'no such column: nope'],
        ['SELECT nope FROM lists', 'no such column: nope'],
        ["INSERT INTO nope (id) VALUES ('b')", 'no such table: nope'],
        ["INSERT INTO lists (id) VALUES ('b') ON CONFLICT (id) DO NOTHING", 'cannot UPSERT a view'],
      ];
      for (const [sql, message] of wrong) await expect(db.execute(sql), sql).rejects.toThrow(message);
      await expect(db.getAll("DELETE FROM lists WHERE id = 'a'")).rejects.toThrow('readonly');
      expect((await db.getUploadQueueStats()).count).toBe(1);
    },
  },
  {
    name: 'entries of one transaction share its id, and ids go up',
    async run(db) {
      await db.writeTransaction(async (tx) => {
        await tx.execute("INSERT INTO lists (id) VALUES ('a')");
        await tx.execute("INSERT INTO todos (id) VALUES ('b')");
      });
      await addLists(db, 'c');
      const [a, b, c] = (await db.getCrudBatch())?.crud ?? [];
      expect(a?.transactionId).toBeTypeOf('number');
      expect(b?.transactionId).toBe(a?.transactionId);
      expect(c?.transactionId).toBeGreaterThan(a?.transactionId ?? Number.POSITIVE_INFINITY);
    },
  },
  {
    name: 'a transaction that fails queues nothing, and uses no op id',
    async run(db) {
      await addLists(db, 'a');
      const failing = db.writeTransaction(async (tx) => {
        await tx.execute("INSERT INTO lists (id) VALUES ('b')");
        await tx.execute("DELETE FROM lists WHERE id = 'a'");
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      expect(await db.getAll('SELECT id FROM lists')).toEqual([{ id: 'a' }]);
      await addLists(db, 'c');
      const opIds = opIdsOf(await db.getCrudBatch()) ?? [];
      expect(opIds).toHaveLength(2);
      expect(opIds[1]).toBe(Number(opIds[0]) + 1);
    },
  },
  {
    name: 'a statement that fails is undone, and the transaction may continue',
    async run(db) {
      await db.writeTransaction(async (tx) => {
        await tx.execute("INSERT INTO lists (id) VALUES ('a')");
        await expect(tx.execute("INSERT INTO lists (id) VALUES ('b'), ('a')")).rejects.toThrow('UNIQUE');
        await tx.execute("INSERT INTO lists (id) VALUES ('c')");
      });
      expect(idsOf(await db.getCrudBatch())).toEqual(['a', 'c']);
      expect(await db.getAll('SELECT id FROM lists ORDER BY id DESC')).toEqual([{ id: 'c' }, { id: 'a' }]);
    },
  },
  {
    name: 'a row that its trigger refuses ends the statement, and keeps the rows before it',
    async run(db) {
      const twoRows = "INSERT INTO lists (id, name) VALUES ('a', 'x'), (NULL, 'y')";
      await expect(db.execute(twoRows)).rejects.toThrow('id is required');
      expect(idsOf(await db.getCrudBatch())).toEqual(['a']);
      const failing = db.writeTransaction((tx) => tx.execute("INSERT INTO lists (id) VALUES ('b'), (7)"));
      await expect(failing).rejects.toThrow('id should be text');
      expect(await db.getAll('SELECT id FROM lists')).toEqual([{ id: 'a' }]);
    },
  },
  {
    name: 'a statement that matches no row uses a transaction id',
    async run(db) {
      await addLists(db, 'a');
      const before = Number((await lastEntry(db)).transactionId);
      await db.execute("DELETE FROM lists WHERE id = 'nobody'");
      await addLists(db, 'b');
      expect((await lastEntry(db)).transactionId).toBe(before + 2);
    },
  },
  {
    name: 'a transaction that continues after its first statement failed shares its id with the next one',
    async run(db) {
      await addLists(db, 'a');
      await db.writeTransaction(async (tx) => {
        await expect(tx.execute("INSERT INTO lists (id) VALUES ('a')")).rejects.toThrow('UNIQUE');
        await tx.execute("INSERT INTO lists (id) VALUES ('b')");
      });
      await addLists(db, 'c');
      expect((await eachTransaction(db)).map(idsOf)).toEqual([['a'], ['b', 'c']]);
    },
  },
  {
    name: 'a transaction sees its own writes, and nobody else does until it has ended',
    async run(db) {
      await addLists(db, 'a');
      await db.writeTransaction(async (tx) => {
        await tx.execute("INSERT INTO lists (id) VALUES ('b')");
        await tx.execute("DELETE FROM lists WHERE id = 'a'");
        expect(await tx.getAll('SELECT id FROM lists')).toEqual([{ id: 'b' }]);
        expect(await db.getAll('SELECT id FROM lists')).toEqual([{ id: 'a' }]);
        expect(idsOf(await db.getCrudBatch())).toEqual(['a']);
        expect((await db.getUploadQueueStats()).count).toBe(1);
        expect(await eachTransaction(db)).toHaveLength(1);
      });
      expect(idsOf(await db.getCrudBatch())).toEqual(['a', 'b', 'a']);
    },
  },
  {
    name: 'transactions that begin at the same time run one after the other',
    async run(db) {
      const write = (id: string) =>
        db.writeTransaction(async (tx) => {
          await tx.execute('INSERT INTO lists (id) VALUES (?)', [`${id}1`]);
          await new Promise((resolve) => setTimeout(resolve, 2));
          await tx.execute('INSERT INTO lists (id) VALUES (?)', [`${id}2`]);
        });
      await Promise.all([write('a'), write('b'), addLists(db, 'c')]);
      expect(idsOf(await db.getCrudBatch())).toEqual(['a1', 'a2', 'b1', 'b2', 'c']);
    },
  },
  {
    name: 'a batch is cut wherever its limit is, and says whether there is more',
    async run(db) {
      for (const each of ['a', 'b', 'c']) {
        await db.writeTransaction(async (tx) => {
          for (const n of [1, 2, 3]) await tx.execute('INSERT INTO lists (id) VALUES (?)', [each + n]);
        });
      }
      const batch = await db.getCrudBatch(4);
      expect(idsOf(batch)).toEqual(['a1', 'a2', 'a3', 'b1']);
      expect(batch?.haveMore).toBe(true);
      expect((await db.getCrudBatch(9))?.haveMore).toBe(false);
      expect((await db.getCrudBatch(10))?.haveMore).toBe(false);
      expect((await db.getCrudBatch(8))?.haveMore).toBe(true);
      await batch?.complete();
      expect(idsOf(await db.getNextCrudTransaction())).toEqual(['b2', 'b3']);
    },
  },
  {
    name: 'odd limits: none is 100, 0 and -1 read nothing, a fraction fails',
    async run(db) {
      await db.writeTransaction(async (tx) => {
        for (let i = 0; i < 101; i++) await tx.execute('INSERT INTO lists (id) VALUES (?)', [`${i}`]);
      });
      const batch = await db.getCrudBatch();
      expect(batch?.crud).toHaveLength(100);
      expect(batch?.haveMore).toBe(true);
      expect(await db.getCrudBatch(0)).toBeNull();
      expect(await db.getCrudBatch(-1)).toBeNull();
      expect((await db.getCrudBatch(-2))?.crud).toHaveLength(100);
      await expect(db.getCrudBatch(2.5)).rejects.toThrow('datatype mismatch');
      await expect(db.getCrudBatch(Number.NaN)).rejects.toThrow('datatype mismatch');
    },
  },
  {
    name: 'each read makes new objects',
    async run(db) {
      await addLists(db, 'a');
      const [one, two] = [firstOf(await db.getCrudBatch()), firstOf(await db.getCrudBatch())];
      expect(one).toEqual(two);
      expect(one).not.toBe(two);
      if (one.opData) one.opData.name = 'changed';
      expect(firstOf(await db.getCrudBatch()).opData).toEqual({ name: 'list a' });
    },
  },
  {
    name: 'completing removes everything up to the last entry of the handle, whoever wrote it',
    async run(db) {
      await addLists(db, 'a', 'b', 'c');
      const handle = await db.getCrudBatch(2);
      await addLists(db, 'd');
      await handle?.complete();
      expect(idsOf(await db.getCrudBatch())).toEqual(['c', 'd']);
      const transactions = await eachTransaction(db);
      await transactions[1]?.complete();
      expect(await db.getCrudBatch()).toBeNull();
    },
  },
  {
    name: 'completing twice is no error',
    async run(db) {
      await addLists(db, 'a', 'b');
      const handle = await db.getCrudBatch(1);
      await handle?.complete();
      await handle?.complete();
      expect(idsOf(await db.getCrudBatch())).toEqual(['b']);
    },
  },
  {
    name: 'a completion by count removes the entries that took the place of those sent',
    async run(db) {
      await addLists(db, 'a', 'b');
      await db.disconnectAndClear();
      await addLists(db, 'x', 'y', 'z');
      await (await db.getCrudBatch(2))?.complete();
      expect(idsOf(await db.getCrudBatch())).toEqual(['z']);
    },
  },
  {
    name: 'op ids only go up: over a completion, and over a cleared database',
    async run(db) {
      await addLists(db, 'a', 'b');
      const last = Number(opIdsOf(await db.getCrudBatch())?.[1]);
      await (await db.getCrudBatch())?.complete();
      await addLists(db, 'c');
      expect(opIdsOf(await db.getCrudBatch())).toEqual([last + 1]);
      const transactionId = Number((await lastEntry(db)).transactionId);
      await db.disconnectAndClear();
      expect(await db.getCrudBatch()).toBeNull();
      await addLists(db, 'd');
      expect(opIdsOf(await db.getCrudBatch())).toEqual([last + 2]);
      expect((await lastEntry(db)).transactionId).toBeGreaterThan(transactionId);
      expect(await db.getAll("SELECT seq FROM sqlite_sequence WHERE name = 'ps_crud'")).toEqual([
        { seq: last + 2 },
      ]);
    },
  },
  {
    name: 'the client id outlives a cleared database; rows do not, plain tables do',
    async run(db) {
      const clientId = await db.getClientId();
      await addLists(db, 'a');
      await db.execute('CREATE TABLE IF NOT EXISTS own (k TEXT PRIMARY KEY NOT NULL, v INTEGER)');
      await db.execute("INSERT OR REPLACE INTO own (k, v) VALUES ('x', '5')");
      await db.disconnectAndClear();
      expect(await db.getClientId()).toBe(clientId);
      expect(await db.getAll('SELECT * FROM lists')).toEqual([]);
      expect(await db.getAll('SELECT * FROM own')).toEqual([{ k: 'x', v: 5 }]);
      await db.execute('DELETE FROM own');
    },
  },
  {
    name: 'an entry without a transaction id is its own transaction, with null as its id',
    async run(db) {
      await addLists(db, 'a');
      await addAlone(db, 'b');
      await addAlone(db, 'c');
      const transactions = await eachTransaction(db);
      expect(transactions.map(idsOf)).toEqual([['a'], ['b'], ['c']]);
      expect(transactions[1]?.transactionId).toBeNull();
      expect(transactions[1]?.crud[0]?.transactionId).toBeNull();
      expect(transactions[1]?.haveMore).toBe(false);
    },
  },
  {
    name: 'a gap among op ids splits a transaction in two with the same id',
    async run(db) {
      await db.writeTransaction(async (tx) => {
        for (const id of ['a', 'b', 'c']) await tx.execute('INSERT INTO lists (id) VALUES (?)', [id]);
      });
      const middle = Number(opIdsOf(await db.getCrudBatch())?.[1]);
      await db.execute('DELETE FROM ps_crud WHERE id = ?', [middle]);
      const transactions = await eachTransaction(db);
      expect(transactions.map(idsOf)).toEqual([['a'], ['c']]);
      expect(transactions[0]?.transactionId).toBe(transactions[1]?.transactionId);
    },
  },
  {
    name: 'the iterator continues after its last transaction, even if that is completed in the meantime',
    async run(db) {
      await addLists(db, 'a', 'b');
      const iterator = db.getCrudTransactions()[Symbol.asyncIterator]();
      const first = await iterator.next();
      await first.value.complete();
      await addLists(db, 'c');
      expect(idsOf((await iterator.next()).value)).toEqual(['b']);
      expect(idsOf((await iterator.next()).value)).toEqual(['c']);
      expect(await iterator.next()).toEqual({ done: true, value: null });
      await addLists(db, 'd');
      expect(idsOf((await iterator.next()).value)).toEqual(['d']);
      expect(iterator.return).toBeUndefined();
    },
  },
  {
    name: 'in JSON, entries have the names of the queue’s table, but copies of entries do not',
    async run(db) {
      await db.execute("INSERT INTO todos (id, description) VALUES ('t', 'x')");
      await db.execute("DELETE FROM todos WHERE id = 't'");
      const [put, remove] = (await db.getCrudBatch())?.crud ?? [];
      expect(JSON.parse(JSON.stringify(put))).toEqual({
        op_id: put?.clientId,
        op: 'PUT',
        type: 'todos',
        id: 't',
        tx_id: put?.transactionId,
        data: { description: 'x' },
      });
      expect(Object.keys(JSON.parse(JSON.stringify(remove)))).toEqual([
        'op_id',
        'op',
        'type',
        'id',
        'tx_id',
        'old',
      ]);
      expect(Object.keys(put ?? {})).toEqual([
        'clientId',
        'id',
        'op',
        'opData',
        'previousValues',
        'table',
        'transactionId',
        'metadata',
      ]);
      expect(JSON.stringify(await db.getNextCrudTransaction())).toMatch(
        /^\{"crud":\[.*\],"haveMore":false,"transactionId":\d+\}$/,
      );
    },
  },
  {
    name: 'entries can be compared',
    async run(db) {
      interface Comparable {
        equals(other: unknown): boolean;
        toComparisonArray(): unknown[];
      }
      await addLists(db, 'a', 'b');
      const read = async () => (await db.getCrudBatch())?.crud as unknown as Comparable[];
      const [[a, b], [again]] = [await read(), await read()];
      expect(a?.equals(again)).toBe(true);
      expect(a?.equals(b)).toBe(false);
      expect(a?.toComparisonArray().slice(2)).toEqual([
        'PUT',
        'lists',
        'a',
        { name: 'list a' },
        undefined,
        undefined,
      ]);
    },
  },
  {
    name: 'powersync_crud queues an entry without changing the row',
    async run(db) {
      await db.execute(
        'INSERT INTO powersync_crud (op, id, type, data, old_values, metadata) VALUES (?, ?, ?, ?, ?, ?)',
        ['PATCH', 'a', 'lists', '{"name":null}', '{"name":"x"}', 'm'],
      );
      const entry = await lastEntry(db);
      expect(entry).toMatchObject({
        op: 'PATCH',
        table: 'lists',
        id: 'a',
        opData: { name: null },
        previousValues: { name: 'x' },
        metadata: 'm',
      });
      expect(entry.transactionId).toBeTypeOf('number');
      expect(await db.getAll('SELECT * FROM lists')).toEqual([]);
    },
  },
  {
    name: 'the length of the queue is counted; its size is 20 for each entry',
    async run(db) {
      await addLists(db, 'a', 'b');
      await db.execute('INSERT INTO lists (id, name) VALUES (?, ?)', ['c', 'x'.repeat(1000)]);
      expect(await db.getUploadQueueStats()).toMatchObject({ count: 3, size: null });
      expect(await db.getUploadQueueStats(true)).toMatchObject({ count: 3, size: 60 });
    },
  },
  {
    name: 'local changes are noted per row until the next checkpoint',
    async run(db) {
      await addLists(db, 'a');
      await db.execute("UPDATE lists SET name = 'y' WHERE id = 'a'");
      const noted = 'SELECT row_type, row_id FROM ps_updated_rows';
      expect(await db.getAll(noted)).toEqual([{ row_type: 'lists', row_id: 'a' }]);
    },
  },
  {
    name: 'onChange() reports changes together, and nothing after it was stopped',
    async run(db) {
      const heard: string[][] = [];
      const onChange = ({ changedTables }: { readonly changedTables: string[] }) => {
        heard.push([...changedTables].sort());
      };
      const stop = db.onChange({ onChange }, { tables: ['ps_crud', 'lists'], throttleMs: 500 }); // both writes in one event
      await addLists(db, 'a', 'b');
      await expect.poll(() => heard).toEqual([['ps_crud', 'ps_data__lists']]);
      await (await db.getCrudBatch())?.complete();
      await expect.poll(() => heard[1]).toEqual(['ps_crud']);
      stop();
      const others = vi.fn();
      const stopOthers = db.onChange({ onChange: others }, { tables: ['lists'], throttleMs: 500 });
      await addLists(db, 'c');
      await expect.poll(() => others.mock.calls.length).toBe(1); // by now it would have been called
      stopOthers();
      expect(heard).toHaveLength(2);
    },
  },
  {
    name: 'the result of execute() has its rows in three places',
    differsIn1: 'only as `rows`',
    async run(db) {
      await addLists(db, 'a', 'b');
      const result = (await db.execute("UPDATE lists SET name = 'z' RETURNING id, name")) as {
        array: unknown[];
        rowsAffected: number;
        rows: { length: number; _array: unknown[]; item(index: number): unknown };
      };
      const rows = [
        { id: 'a', name: 'z' },
        { id: 'b', name: 'z' },
      ];
      expect(result.array).toEqual(rows);
      expect(result.rows._array).toEqual(rows);
      expect(result.rows.length).toBe(2);
      expect(result.rows.item(1)).toEqual(rows[1]);
      expect(result.rowsAffected).toBe(0); // SQLite doesn't count changes through a view.
    },
  },
];
