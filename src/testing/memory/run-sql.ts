import { SURVEY, SURVEY_OF_ENTRIES } from '../../queue/survey.ts';
import { UnknownSql } from '../sql/reader.ts';
import type { ResultRow } from '../sql/select.ts';
import { readStatement } from '../sql/statement.ts';
import { type SqlValue, toSqlValue } from '../sql/values.ts';
import { catalog } from './catalog.ts';
import { committed, type DatabaseFile, statement } from './file.ts';
import type { MemorySchema } from './schema.ts';
import type { Change } from './store.ts';
import { surveyStore } from './survey-store.ts';

/** A row of a result. */
export type MemoryRow = Record<string, SqlValue>;

/**
 * Answers a statement that `memoryDatabase()` doesn't understand. Returns the rows, or undefined if it doesn't
 * understand the statement either.
 */
export type OtherSql = (sql: string, parameters: readonly SqlValue[]) => readonly MemoryRow[] | undefined;

/** The result of `execute()`, as in the SDK. */
export type MemoryQueryResult = {
  /**
   * Number of written rows of plain tables. As in SQLite, writes to views aren't counted, and synced tables are views.
   */
  readonly rowsAffected: number;
  readonly array: MemoryRow[];
  readonly rows: {
    readonly length: number;
    readonly _array: MemoryRow[];
    item(index: number): MemoryRow | null;
  };
};

/** Runs one statement in a transaction. Without one, it reads committed rows. */
export function runSql(
  file: DatabaseFile,
  { schema, otherSql }: { schema: MemorySchema | undefined; otherSql: OtherSql | undefined },
  change: Change | undefined,
  sql: string,
  parameters: readonly unknown[] = [],
): MemoryQueryResult {
  const values = parameters.map((value, index) => toSqlValue(value, `parameter ${index + 1}`));
  const affected = change?.affected ?? 0;
  const rows = answer();
  return {
    rowsAffected: (change?.affected ?? 0) - affected,
    array: rows,
    rows: { length: rows.length, _array: rows, item: (index) => rows[index] ?? null },
  };

  function answer(): MemoryRow[] {
    if (sql === SURVEY || sql === SURVEY_OF_ENTRIES) {
      const [behind, transactions, entries] = values.map(Number) as [number, number, number];
      return [surveyStore(committed(file), behind, transactions, entries)];
    }
    try {
      const read = readStatement(sql);
      if (!change && !read.isSelect) throw new Error('attempt to write a readonly database');
      if (!change) return read.run(catalog(committed(file), schema), values).map(asObject);
      const database = catalog(file.store, schema, change);
      return statement(file, change, () => read.run(database, values)).map(asObject);
    } catch (error) {
      const others = error instanceof UnknownSql ? otherSql?.(sql, values) : undefined;
      if (!others) throw error;
      return [...others];
    }
  }
}

function asObject(row: ResultRow): MemoryRow {
  return Object.fromEntries(row);
}
