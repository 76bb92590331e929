import { optionChecks } from '../check-options.ts';
import { warnOnce } from '../diagnostics/warn-once.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/** The columns of each table that a backend stores. Any other column, it drops without an error. */
export type KnownTables = Readonly<Record<string, readonly string[]>>;

/** Checks the option `tables`. */
export function checkTables(who: string, tables: unknown): void {
  const isList = (value: unknown): boolean =>
    Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (typeof tables !== 'object' || !tables || Array.isArray(tables) || !Object.values(tables).every(isList))
    optionChecks(who).wrong('tables', 'lists of column names, by the name of their table', tables);
}

/** The known columns of a table; undefined if the table isn't known. */
export function columnsOf(tables: KnownTables, { table }: UploadEntry): readonly string[] | undefined {
  return Object.hasOwn(tables, table) ? tables[table] : undefined;
}

/**
 * Makes a function that warns once of each column that the backend drops; and of each table, if it skips tables too
 * (`skipsTables`). It doesn't warn in production. `place` is where the backend has its list.
 */
export function warnOfLoss(
  who: string,
  tables: KnownTables,
  place: string,
  skipsTables = false,
): (entry: UploadEntry) => void {
  const once = warnOnce();
  const warn = (what: string): void =>
    once(
      what,
      `${who}: the backend drops "${what}" without an error, so it is lost. Add it to ${place} there, and to the option "tables".`,
    );
  return (entry) => {
    if (isProduction()) return;
    const known = columnsOf(tables, entry);
    if (!known && skipsTables) warn(entry.table);
    for (const column of known ? Object.keys(entry.opData ?? {}) : [])
      if (!known?.includes(column)) warn(`${entry.table}.${column}`);
  };
}

// In this form, because bundlers replace these words and nothing else.
declare const process: { readonly env: { readonly NODE_ENV?: string } };

function isProduction(): boolean {
  try {
    return process.env.NODE_ENV === 'production';
  } catch {
    return false; // a browser, without a bundler
  }
}
