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
   * The app's PowerSync schema: pass the SDK's `Schema`. With it, tables and columns are checked, and column types,
   * `viewName`, `localOnly`, `insertOnly`, `trackPrevious`, `trackMetadata` and `ignoreEmptyUpdates` work. Without it,
   * any table and column may be written, values stay as they are, and every write is queued, except to tables made with
   * `CREATE TABLE`.
   *
   * @default no schema
   */
  readonly schema?: MemorySchema | undefined;
  /**
   * What `getClientId()` returns.
   *
   * @default a random UUID
   */
  readonly clientId?: string | undefined;
  /**
   * Rows that the server has, as if they had been downloaded before. They aren't queued.
   *
   * @default none
   */
  readonly rows?: MemoryRows | undefined;
  /**
   * Called for statements that `memoryDatabase()` doesn't know. Returns the rows, or undefined: then the statement
   * throws.
   *
   * @default such statements throw
   */
  readonly otherSql?: OtherSql | undefined;
}

/** Writes rows, with SQL or without. */
interface Writer {
  /** `INSERT OR REPLACE`: queues a PUT with the columns that are not null. */
  put(table: string, id: string, columns?: MemoryColumns, options?: WriteOptions): Promise<void>;
  /**
   * `UPDATE`: queues a PATCH with the columns that change, with explicit nulls. A row that doesn't exist counts as
   * downloaded before, and all given columns of it change.
   */
  patch(table: string, id: string, columns: MemoryColumns, options?: WriteOptions): Promise<void>;
  /** `DELETE`: queues a DELETE. A row that doesn't exist counts as downloaded before. */
  remove(table: string, id: string, options?: WriteOptions): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  execute(sql: string, parameters?: any[]): Promise<MemoryQueryResult>;
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getAll<T>(sql: string, parameters?: any[]): Promise<T[]>;
  /** Returns the first row. Throws if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  get<T>(sql: string, parameters?: any[]): Promise<T>;
  /** Returns the first row, or null if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: parameters as the SDK types them.
  getOptional<T>(sql: string, parameters?: any[]): Promise<T | null>;
}

/** What the callback of `writeTransaction()` gets. Everything that is written through it has one transaction id. */
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
  /**
   * Replaces the schema. Tables and columns that the new one doesn't have can't be read or written any more. What is
   * queued stays.
   */
  updateSchema(schema: MemorySchema): Promise<void>;
  /**
   * Returns the first `limit` entries (100 by default), even if that cuts a transaction; null if the queue is empty.
   */
  getCrudBatch(limit?: number): Promise<MemoryCrudBatch | null>;
  getNextCrudTransaction(): Promise<MemoryCrudTransaction | null>;
  /** Reads one transaction with each `next()`. An entry without a transaction id is a transaction of its own. */
  getCrudTransactions(): AsyncIterable<MemoryCrudTransaction>;
  /** Returns the number of queued entries, and their size if asked. As in the SDK, the size is 20 for each entry. */
  getUploadQueueStats(includeSize?: boolean): Promise<{ count: number; size: number | null }>;
  /**
   * Runs the callback once earlier transactions have ended. If it throws, nothing is written. Write through what the
   * callback gets: as in the SDK, writes of the database itself wait until it has ended.
   */
  writeTransaction<T>(callback: (transaction: MemoryTransaction) => Promise<T>): Promise<T>;
  /**
   * Calls the handler after a change of these tables, `throttleMs` later (30 by default). Returns a function that
   * removes it.
   */
  onChange(handler: ChangeHandler, options?: ChangeOptions): () => void;
  disconnect(): Promise<void>;
  /**
   * Removes all rows and everything that is queued. The client id and tables made with `CREATE TABLE` stay. Op ids
   * continue.
   */
  disconnectAndClear(options?: object): Promise<void>;
  /**
   * Simulates the next checkpoint: the given tables get exactly these rows. As in the SDK, this changes nothing and
   * returns false while anything is queued, or while `downloadsFrozen`.
   */
  download(rows: MemoryRows): Promise<boolean>;
  /** Opens the same database file again, as a restarted app or another tab does. */
  reopen(): MemoryDatabase;
  /** Copies the file as it is now, with the same client id, as if a device was restored from a backup. */
  copy(): MemoryDatabase;
  /** Every `complete()` so far, oldest first. */
  readonly completions: readonly Completion[];
  /** Number of completions that found nothing left to remove. */
  readonly staleCompletions: number;
  /** True after a completion that found nothing to remove: in the SDK, downloads then stop until the next write. */
  readonly downloadsFrozen: boolean;
  /**
   * Called by `complete()` before entries are removed, with the last op id, and awaited. If it throws, nothing is
   * removed and `complete()` throws: the app was killed just before.
   */
  beforeComplete: CompletionHook | undefined;
  /**
   * Called by `complete()` after the entries were removed, and awaited. If it throws, `complete()` throws: the app was
   * killed just after.
   */
  afterComplete: CompletionHook | undefined;
}

/**
 * A PowerSync database in memory, for tests of connectors, transports and rejection policies. It needs no SQLite, no
 * worker and no WebAssembly, and runs wherever JavaScript does.
 *
 * Its upload queue behaves like that of SDK 1.x and 2.x, which don't differ in this; the same tests run on all three:
 *
 * - Op ids only increase, even after the queue was cleared. Op ids and transaction ids are those that the SDK would
 *   give.
 * - Each read makes new entries. A batch is cut off at its limit, even inside a transaction.
 * - Completing removes everything up to the handle's last entry, no matter who wrote it.
 * - A transaction that fails leaves nothing behind, and isn't visible before it has ended.
 *
 * It understands SQL on one table at a time: SELECT, INSERT, UPDATE, DELETE and CREATE TABLE, with `uuid()`. This
 * library sends nothing else. Any other statement throws an error that names it, unless `otherSql` answers. It doesn't
 * sync: `download()` simulates a checkpoint.
 *
 * To queue an entry without a transaction id, call `execute('INSERT INTO ps_crud (data) VALUES (?)', [JSON.stringify({
 * op, type, id, data })])`.
 *
 * @throws TypeError if an option is misspelt or wrong. The message names the option.
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
