import type { Conflict } from './conflicts.ts';
import { isStableId } from './database/client-values.ts';
import type { Row, TableInDatabase } from './database/database.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { Operation, UploadedEntry } from './wire.ts';
import { WriteRefused } from './write-refused.ts';

/** Who writes. `id` is compared with owners and scopes the keys; add what your rules need. */
export interface User {
  readonly id: string;
}

/** Without an id, keys and rows would belong to whoever else has none. */
export function checkUser(user: User | undefined): void {
  if (typeof user?.id === 'string' && user.id !== '') return;
  throw new TypeError('The user must have an id: text that is not empty. Is that what authenticate returns?');
}

/** One entry, as the rules of its table see it. */
export interface Change<U extends User = User> {
  readonly op: Operation;
  /** The table's name in the upload. */
  readonly table: string;
  readonly id: string;
  readonly user: U;
  /** The row in the database, locked until the transaction ends. `null` if there is none. */
  readonly stored: Row | null;
  /** The row as it would be. `null` for a DELETE. A new row lacks the columns that the database fills in. */
  readonly next: Row | null;
  /** Rows that this row would point to, by column, locked too: see `references`. */
  readonly references: Readonly<Record<string, Row | null>>;
  /** Columns before the change, as the client had them, if its schema tracks them. */
  readonly previous: Row | undefined;
  readonly metadata: string | undefined;
}

/** What clients may write to a table, and under which rules. */
export interface TableRules<U extends User = User> {
  /** Columns that clients may write. The id isn't one of them: each entry has it. */
  readonly columns: readonly string[];
  /**
   * Column with the id of the user that the row belongs to. It is set in new rows, and only rows with the user's id can
   * be changed. Either this or `authorize` is needed.
   */
  readonly owner?: string | undefined;
  /**
   * Returns whether the user may do this. Called with the stored row under a lock. An error that it throws makes the
   * client try again; throw {@link WriteRefused} to refuse with a reason.
   */
  readonly authorize?: ((change: Change<U>) => boolean | Promise<boolean>) | undefined;
  /**
   * Columns that point to a row of another table here, with the name of that table: `{ list_id: 'lists' }`. The row is
   * locked so that it stays what the rules saw. It must exist, and if its table has an `owner`, belong to the user.
   */
  readonly references?: Readonly<Record<string, string>> | undefined;
  /**
   * Checks the columns that the client wrote: zod, valibot, arktype, or any other Standard Schema. It sees the values of
   * the columns (`true`, not SQLite's `1`; parsed JSON). A PATCH is checked in part. What the schema makes of the values
   * is not used.
   */
  readonly schema?: StandardSchema | undefined;
  /** Columns that the server sets in each PUT and PATCH. A client can't choose them. */
  readonly set?: ((change: Omit<Change<U>, 'next' | 'references'>) => Row) | undefined;
  /** What happens if somebody else has changed the row in the meantime. @default 'last-write' */
  readonly conflict?: Conflict | undefined;
  /** The table's name in the database, with a schema or without. @default the name in the upload */
  readonly table?: string | undefined;
  /** The column with the row's id. @default 'id' */
  readonly id?: string | undefined;
}

/** A table that clients may write to: its rules, and what the database says about it. */
export interface OpenTable<U extends User> {
  readonly name: string;
  readonly rules: TableRules<U>;
  readonly writable: ReadonlySet<string>;
  readonly inDatabase: TableInDatabase;
}

export type OpenTables<U extends User> = ReadonlyMap<string, OpenTable<U>>;

/** Returns the table of an entry. Only what `tables` names can be written. */
export function openTable<U extends User>(
  tables: OpenTables<U>,
  { table: name, id }: UploadedEntry,
): OpenTable<U> {
  const table = tables.get(name);
  if (!table)
    throw new WriteRefused('SCHEMA_MISMATCH', `No table ${JSON.stringify(name)} is open to clients`);
  if (!isStableId(table.inDatabase.id, id)) {
    throw new WriteRefused(
      'INVALID_DATA',
      `The database would store this id as another one (${table.inDatabase.id.type})`,
    );
  }
  return table;
}
