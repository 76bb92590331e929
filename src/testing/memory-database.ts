import { optionChecks } from '../check-options.ts';
import type { LocalTransaction, WritableDatabase } from '../rejections/database.ts';
import {
  type Completion,
  committed,
  createFile,
  type DatabaseFile,
  fileOf,
  statement,
  write,
} from './memory/file.ts';
import { type ChangeHandler, type ChangeOptions, onChange } from './memory/on-change.ts';
import {
  type CompletionHook,
  type CompletionHooks,
  countQueue,
  type MemoryCrudBatch,
  type MemoryCrudTransaction,
  readBatch,
  readTransaction,
} from './memory/queue.ts';
import {
  applyRows,
  clearRows,
  type MemoryColumns,
  type MemoryRows,
  type WriteOptions,
  writeOne,
} from './memory/rows.ts';
import { type MemoryQueryResult, type OtherSql, runSql } from './memory/run-sql.ts';
import type { MemorySchema } from './memory/schema.ts';
import { type Change, copyStore, newChange } from './memory/store.ts';
import { Fail } from './sql/table.ts';
import { uuid } from './uuid.ts';

/** Options of {@link memoryDatabase}. */
export interface MemoryDatabaseOptions {
  /**
   * The app's PowerSync schema: the SDK's `Schema` fits. With it, tables and columns are checked, and column types,
   * `viewName`, `localOnly`, `insertOnly`, `trackPrevious`, `trackMetadata` and `ignoreEmptyUpdates` have their effect.
   * Without it, any table and column may be written, and values stay as they are.
   */
  readonly schema?: MemorySchema | undefined;
  /** What `getClientId()` returns. Default: a random UUID. */
  readonly clientId?: string | undefined;
  /** Rows that were downloaded before. */
  readonly rows?: MemoryRows | undefined;
  /** Answers SQL that the built-in doesn't know. Called only for that. */
  readonly otherSql?: OtherSql | undefined;
}

/** Writes rows, by SQL or without. */
interface Writer {
  /** `INSERT OR REPLACE`: queues a PUT of the columns that are not null. */
  put(table: string, id: string, columns?: MemoryColumns, options?: WriteOptions): Promise<void>;
  /**
   * `UPDATE`: queues a PATCH of the columns that change, with explicit nulls. A row that isn't there counts as downloaded
   * before; of such a row every column changes.
   */
  patch(table: string, id: string, columns: MemoryColumns, options?: WriteOptions): Promise<void>;
  /** `DELETE`: queues a DELETE, also of a row that isn't there, which counts as downloaded before. */
  remove(table: string, id: string, options?: WriteOptions): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  execute(sql: string, parameters?: any[]): Promise<MemoryQueryResult>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getAll<T>(sql: string, parameters?: any[]): Promise<T[]>;
  /** The first row; throws where there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  get<T>(sql: string, parameters?: any[]): Promise<T>;
  /** The first row, or null. */
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getOptional<T>(sql: string, parameters?: any[]): Promise<T | null>;
}

/** What a `writeTransaction()` callback gets. All its entries have one transaction id. */
export interface MemoryTransaction extends Writer, LocalTransaction {
  // Both have these two.
  execute: Writer['execute'];
  getAll: Writer['getAll'];
}

/** What {@link memoryDatabase} returns. */
export interface MemoryDatabase extends Writer, WritableDatabase {
  execute: Writer['execute'];
  getAll: Writer['getAll'];
  readonly schema?: MemorySchema | undefined;
  /** Tables and columns that the schema no longer has can't be read or written; what is queued stays. */
  updateSchema(schema: MemorySchema): Promise<void>;
  /** The first `limit` entries (default 100), wherever a transaction ends; null when the queue is empty. */
  getCrudBatch(limit?: number): Promise<MemoryCrudBatch | null>;
  getNextCrudTransaction(): Promise<MemoryCrudTransaction | null>;
  /** Reads one transaction at each `next()`; an entry without a transaction id is one of its own. */
  getCrudTransactions(): AsyncIterable<MemoryCrudTransaction>;
  /** `size` is 20 for each entry, whatever it holds, as in the SDK. */
  getUploadQueueStats(includeSize?: boolean): Promise<{ count: number; size: number | null }>;
  /**
   * Runs the callback when those before it have ended; if it throws, nothing was written. Write through what it gets: the
   * database's own writes wait for it to end, as in the SDK.
   */
  writeTransaction<T>(callback: (transaction: MemoryTransaction) => Promise<T>): Promise<T>;
  /** Calls back `throttleMs` (default 30) after a change of these tables. */
  onChange(handler: ChangeHandler, options?: ChangeOptions): () => void;
  disconnect(): Promise<void>;
  /** Empties the queue and all rows. The client id and tables of `CREATE TABLE` stay; op ids go on where they were. */
  disconnectAndClear(options?: object): Promise<void>;
  /**
   * Makes the rows of the tables that are named what the server has, as the SDK does at the next checkpoint. False, with
   * nothing changed, while it would not: while anything is queued, or `downloadsFrozen`.
   */
  download(rows: MemoryRows): Promise<boolean>;
  /** The same database file, opened again: by a restarted app, or in another tab. */
  reopen(): MemoryDatabase;
  /** A copy of the file as it is now, with the same client id: for a device that is restored from a backup. */
  copy(): MemoryDatabase;
  /** Every `complete()` so far, in order. */
  readonly completions: readonly Completion[];
  /** How many of them found nothing left to remove. */
  readonly staleCompletions: number;
  /** A stale completion stopped the SDK's downloads; the next write lets them go on. */
  readonly downloadsFrozen: boolean;
  /**
   * Called before a handle's entries are removed, with its last op id, and waited for. If it throws, `complete()` does, and
   * nothing is removed: so an app is killed just before.
   */
  beforeComplete: CompletionHook | undefined;
  /** Called once they are removed, and waited for before `complete()` ends: so an app is killed just after. */
  afterComplete: CompletionHook | undefined;
}

/**
 * A PowerSync database in memory, for tests of connectors, transports and rejection policies: it needs no SQLite, no
 * worker and no WebAssembly, and runs wherever JavaScript does.
 *
 * Its upload queue behaves like the SDK's, of 1.x and of 2.x alike: as far as a queue can tell, they don't differ. One
 * suite of tests runs over both. Op ids only go up, also after the queue was cleared; each read makes new entries; a
 * batch is cut wherever its limit is; completing removes everything up to the handle's last entry, whoever wrote it; a
 * transaction that fails leaves nothing behind, and isn't seen before it has ended. Op ids and transaction ids are those
 * that the SDK would give.
 *
 * It understands SQL on one table at a time: SELECT, INSERT, UPDATE, DELETE and CREATE TABLE, `uuid()` included, which is
 * all that this library sends. Another statement throws an error that names it, unless `otherSql` answers. It does not
 * sync: `download()` stands for that.
 *
 * An entry without a transaction id is queued by `execute('INSERT INTO ps_crud (data) VALUES (?)', [JSON.stringify({
 * op, type, id, data })])`.
 *
 * @throws TypeError naming the option that is misspelt or wrong.
 *
 * @example
 * ```ts
 * import { BackendConnector, UploadError } from 'powersync-backend-connector';
 * import { listRejected } from 'powersync-backend-connector/rejections';
 * import { memoryDatabase } from 'powersync-backend-connector/testing';
 *
 * const db = memoryDatabase();
 * await db.put('todos', 'a', { description: 'Milk' });
 * const connector = new BackendConnector({
 *   endpoint: 'https://service.test',
 *   credentials: async () => ({ token: 'token' }),
 *   transport: async ({ transactions }) =>
 *     transactions.map(() => ({ status: 'rejected', error: new UploadError('conflict', 'Taken.') })),
 * });
 * await connector.drain(db);
 * console.log(await listRejected(db)); // the user's to-do
 * ```
 */
export function memoryDatabase(options: MemoryDatabaseOptions = {}): MemoryDatabase {
  const { object, fn, noOthers, wrong } = optionChecks('memoryDatabase');
  const { schema, clientId = uuid(), rows, otherSql, ...others } = object('options', options);
  noOthers('', others);
  if (typeof clientId !== 'string') wrong('clientId', 'a text', clientId);
  if (otherSql !== undefined) fn('otherSql', otherSql);
  if (schema !== undefined && !Array.isArray(object('schema', schema).tables))
    wrong('schema', 'a Schema of the SDK', schema);
  const file = createFile(clientId);
  if (rows !== undefined) applyRows(file.store, schema, newChange(), object('rows', rows));
  return openFile(file, { schema, otherSql });
}

type Opened = { schema: MemorySchema | undefined; readonly otherSql: OtherSql | undefined };

function openFile(file: DatabaseFile, opened: Opened): MemoryDatabase {
  const { store } = file;
  const one = <T>(task: (writer: Writer) => Promise<T>): Promise<T> =>
    write(file, (change) => task(writerOf(file, opened, change)));
  const reading = writerOf(file, opened, undefined);

  const database: MemoryDatabase = {
    get schema() {
      return opened.schema;
    },
    updateSchema: (schema) =>
      write(file, () => {
        opened.schema = schema;
      }),
    put: (...operands) => one((writer) => writer.put(...operands)),
    patch: (...operands) => one((writer) => writer.patch(...operands)),
    remove: (...operands) => one((writer) => writer.remove(...operands)),
    execute: (sql, parameters) => alone(file, opened, sql, parameters),
    getAll: reading.getAll,
    get: reading.get,
    getOptional: reading.getOptional,
    writeTransaction: (callback) => one(callback),
    getClientId: async () => store.clientId,
    getCrudBatch: async (limit = 100) => readBatch(file, limit, database),
    getNextCrudTransaction: async () => readTransaction(file, -1, database),
    getCrudTransactions: () => transactionsOf(file, database),
    async getUploadQueueStats(includeSize = false) {
      const count = countQueue(file);
      return { count, size: includeSize ? count * 20 : null };
    },
    onChange: (handler, when) => onChange(file, handler, when),
    async disconnect() {},
    disconnectAndClear: () => write(file, (change) => clearRows(store, change)),
    download: (rows) =>
      write(file, (change) => {
        if (countQueue(file) > 0 || store.isFrozen) return false;
        applyRows(store, opened.schema, change, rows);
        return true;
      }),
    reopen: () => openFile(file, { ...opened }),
    copy: () => openFile(fileOf(copyStore(committed(file))), { ...opened }),
    get completions() {
      return [...file.completions];
    },
    get staleCompletions() {
      return file.completions.filter(({ removed }) => removed === 0).length;
    },
    get downloadsFrozen() {
      return store.isFrozen;
    },
    beforeComplete: undefined,
    afterComplete: undefined,
  };
  return database;
}

/** A statement that is a transaction of its own. */
async function alone(
  file: DatabaseFile,
  opened: Opened,
  sql: string,
  parameters: unknown[] | undefined,
): Promise<MemoryQueryResult> {
  const result = await write(file, (change) => {
    try {
      return runSql(file, opened, change, sql, parameters);
    } catch (error) {
      if (error instanceof Fail) return error; // what was written before it stays
      throw error;
    }
  });
  if (result instanceof Fail) throw result;
  return result;
}

function writerOf(file: DatabaseFile, opened: Opened, change: Change | undefined): Writer {
  const writeRow = async (
    op: 'PUT' | 'PATCH' | 'DELETE',
    ...row: [table: string, id: string, columns: MemoryColumns, options: WriteOptions | undefined]
  ): Promise<void> => {
    if (change)
      statement(file, change, () =>
        writeOne({ store: file.store, schema: opened.schema, change }, op, ...row),
      );
  };
  const run = (sql: string, parameters?: unknown[]): MemoryQueryResult =>
    runSql(file, opened, change, sql, parameters);
  return {
    put: (table, id, columns = {}, options) => writeRow('PUT', table, id, columns, options),
    patch: (table, id, columns, options) => writeRow('PATCH', table, id, columns, options),
    remove: (table, id, options) => writeRow('DELETE', table, id, {}, options),
    execute: async (sql, parameters) => run(sql, parameters),
    getAll: async <T>(sql: string, parameters?: unknown[]) => run(sql, parameters).array as T[],
    async get<T>(sql: string, parameters?: unknown[]) {
      const [row] = run(sql, parameters).array;
      if (!row) throw new Error('Result set is empty');
      return row as T;
    },
    getOptional: async <T>(sql: string, parameters?: unknown[]) =>
      (run(sql, parameters).array[0] as T | undefined) ?? null,
  };
}

/** Older JavaScript engines of React Native lack the symbol; the SDK uses the same one in its place. */
const asyncIterator: typeof Symbol.asyncIterator = Symbol.asyncIterator ?? Symbol.for('Symbol.asyncIterator');

function transactionsOf(file: DatabaseFile, hooks: CompletionHooks): AsyncIterable<MemoryCrudTransaction> {
  return {
    [asyncIterator]() {
      let after = -1;
      return {
        async next() {
          const value = readTransaction(file, after, hooks);
          if (!value) return { done: true, value: null };
          after = value.crud[value.crud.length - 1]?.clientId ?? after;
          return { done: false, value };
        },
      };
    },
  };
}
