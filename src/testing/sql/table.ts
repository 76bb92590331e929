import type { SqlValue } from './values.ts';

export type Values = ReadonlyMap<string, SqlValue>;

export interface Row {
  readonly rowid: number;
  readonly values: Values;
  /** True if the row doesn't exist. Its columns are unknown, so every written column counts as changed. */
  readonly isUnknown?: true;
}

/** The conflict clause of an INSERT whose row exists already. */
export type OnConflict = 'abort' | 'replace' | 'ignore';

/** A table for SQL statements. Optional methods that are missing aren't supported. */
export interface SqlTable {
  readonly name: string;
  /** Undefined if any column may be written. */
  readonly columns: readonly string[] | undefined;
  /** Columns written so far, if any column may be written. */
  readonly known?: readonly string[];
  /** Called when a statement that writes begins, even if it changes no row. */
  readonly begin?: () => void;
  /** Returns the rows in the order of their rowids. */
  rows(): Iterable<Row>;
  /** Returns undefined if the row exists and is ignored. */
  readonly insert?: (values: Values, conflict: OnConflict) => Row | undefined;
  readonly update?: (row: Row, changes: Values) => Row | undefined;
  readonly remove?: (row: Row) => void;
  /** The primary key, for `ON CONFLICT`. Undefined if that isn't possible, as for a view. */
  readonly key?: string | undefined;
}

/** An error that ends a statement, but keeps its changes so far: `RAISE(FAIL)`, which PowerSync's triggers use. */
export class Fail extends Error {}

/** A column of `CREATE TABLE`. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
  readonly notNull: boolean;
}

/** The database on which statements run. */
export interface SqlDatabase {
  /** Throws if there is no such table. */
  table(name: string): SqlTable;
  hasTable(name: string): boolean;
  createTable(name: string, columns: readonly ColumnDefinition[]): void;
}
