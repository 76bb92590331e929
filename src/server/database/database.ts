import type { TransactionResult } from '../wire.ts';

/** A row as a rule sees it: column names and values. Numbers beyond 2^53, dates and times are text. */
export type Row = Readonly<Record<string, unknown>>;

/** What a database is to the write handler. Made by {@link postgres} and {@link mysql}. */
export interface Database {
  /**
   * Runs `work` in one database transaction at READ COMMITTED, and commits. If `work` throws, rolls back and throws the
   * same error. Nothing waits longer than `limits` says.
   */
  transaction<Result>(limits: Limits, work: (store: Store) => Promise<Result>): Promise<Result>;
  /** What an error of this database means for a write. `undefined` for one that isn't the database's. */
  readError(error: unknown): Failure;
}

/** Milliseconds. Together they stay below the time that a client waits for its answer. */
export interface Limits {
  readonly connectMs: number;
  readonly lockMs: number;
  readonly statementMs: number;
}

/** What a failed statement means for the transaction. */
export type Failure =
  /** The database refuses the data. It will do so each time. */
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      readonly details?: Record<string, unknown>;
      /** The app's own refusal, from a trigger: the app decides. */
      readonly ofTheApp?: boolean;
    }
  /** Another transaction was in the way (a deadlock). The same transaction may pass at once. */
  | { readonly kind: 'again' }
  /** Anything else. Nothing says that the data is wrong. */
  | { readonly kind: 'temporary' };

/** What values a column takes, as far as it changes what must be sent. */
export type ColumnKind =
  | 'boolean'
  | 'integer'
  | 'number'
  | 'json'
  | 'array'
  | 'date'
  | 'time'
  | 'instant'
  | 'local-time'
  | 'uuid'
  | 'text'
  | 'other';

/** A column, as the database describes it. */
export interface Column {
  readonly name: string;
  /** The type's name in SQL, without length or precision. */
  readonly type: string;
  readonly kind: ColumnKind;
  /** Whether the database computes it, so that nobody can write it. */
  readonly isGenerated: boolean;
}

/** A table, as the database describes it. */
export interface TableInDatabase {
  /** Its name with quotes and schema, ready for SQL. */
  readonly sql: string;
  readonly columns: ReadonlyMap<string, Column>;
  /** The column with the row's id. */
  readonly id: Column;
}

export interface TableName {
  readonly schema: string | undefined;
  readonly name: string;
  readonly id: string;
}

/** What the answer to an uploaded transaction was, as stored with its key. */
export interface StoredResult {
  readonly contentHash: string;
  readonly result: TransactionResult;
}

/** The statements that the handler needs, in an open transaction. Each database has its own way for some of them. */
export interface Store {
  /** Describes a table, or says what the handler is missing: the table, a column, a unique index, a privilege. */
  describe(table: TableName, options: { readonly privileges: boolean }): Promise<TableInDatabase | string>;
  /** Names what is missing of the handler's own tables. */
  missingTables(needed: readonly OwnTable[]): Promise<readonly string[]>;

  /**
   * Takes the key for this transaction, together with the result that is stored if it commits. Returns the stored
   * result if the key was taken before, after waiting for another transaction that is taking it right now.
   */
  claim(key: Key, stored: StoredResult): Promise<StoredResult | undefined>;
  /** Forgets the result that is stored for a key, unless it is a success: another request may have stored one by now. */
  forgetRefusal(key: Key): Promise<void>;
  recordRefusal(refusal: Refusal): Promise<void>;
  /** Keeps the greater of the stored and the given checkpoint, and returns it. */
  keepGreatestCheckpoint(user: string, client: string, checkpoint: bigint): Promise<bigint>;
  /** Deletes up to `limit` results (or refusals) that are older than `days`. Returns how many. */
  prune(table: 'results' | 'refusals', days: number, limit: number): Promise<number>;

  /** Sets values for row level security, for this transaction only. */
  setSession(settings: Readonly<Record<string, string>>): Promise<void>;
  /** Reads rows in the order of their ids, and locks them until the end of the transaction. */
  lock(
    table: TableInDatabase,
    ids: readonly string[],
    strength: 'update' | 'share',
  ): Promise<Map<string, Row>>;
  /** Returns whether a row can be seen, without a lock. */
  exists(table: TableInDatabase, id: string): Promise<boolean>;
  /** Inserts a row. Returns false if nothing was inserted, such as because there is a row with this id. */
  insert(table: TableInDatabase, id: string, values: Row): Promise<boolean>;
  /** Returns how many rows were changed. */
  update(table: TableInDatabase, id: string, values: Row): Promise<number>;
  delete(table: TableInDatabase, id: string): Promise<number>;
  /** Checks what the database would only check at the commit. */
  checkDeferred(): Promise<void>;
}

export interface Key {
  readonly user: string;
  readonly key: string;
}

/** The handler's own tables: `sql/server` has the statements that create them. */
export type OwnTable =
  | 'powersync_write_results'
  | 'powersync_write_refusals'
  | 'powersync_checkpoint_requests';

/** One refused transaction, as it is written to `powersync_write_refusals`. */
export interface Refusal {
  readonly user: string;
  readonly key: string | undefined;
  readonly code: string;
  readonly message: string;
  readonly details: unknown;
  readonly transaction: unknown;
}
