import type { SqlValue } from './values.ts';

export type Values = ReadonlyMap<string, SqlValue>;

export interface Row {
  readonly rowid: number;
  readonly values: Values;
  /** It is not there, and nothing is known of its columns: all that is written changes. */
  readonly isUnknown?: true;
}

/** What an INSERT does about a row that is there already. */
export type OnConflict = 'abort' | 'replace' | 'ignore';

/** A table, as SQL sees it. What it doesn't offer can't be done to it. */
export interface SqlTable {
  readonly name: string;
  /** Undefined where any column may be written. */
  readonly columns: readonly string[] | undefined;
  /** Where any may be written: those that were. */
  readonly known?: readonly string[];
  /** Called when a statement that writes begins, also one that meets no row. */
  readonly begin?: () => void;
  /** In the order of rowids. */
  rows(): Iterable<Row>;
  /** Undefined where the row was there, and is to be left alone. */
  readonly insert?: (values: Values, conflict: OnConflict) => Row | undefined;
  readonly update?: (row: Row, changes: Values) => Row | undefined;
  readonly remove?: (row: Row) => void;
  /** The primary key, for `ON CONFLICT`; undefined where that isn't possible, as with a view. */
  readonly key?: string | undefined;
}

/** An error that ends a statement, and keeps what it has done so far: `RAISE(FAIL)`, which PowerSync's triggers use. */
export class Fail extends Error {}

/** A column of `CREATE TABLE`. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly isKey: boolean;
  readonly notNull: boolean;
}

/** What statements run on. */
export interface SqlDatabase {
  /** Throws where there is none. */
  table(name: string): SqlTable;
  hasTable(name: string): boolean;
  createTable(name: string, columns: readonly ColumnDefinition[]): void;
}
