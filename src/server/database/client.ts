import type { Limits } from './database.ts';

/** Runs one statement. Parameters are text, numbers or null. */
export type Query = (sql: string, parameters?: readonly (string | number | null)[]) => Promise<QueryResult>;

export interface QueryResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows that were inserted, changed or deleted. */
  readonly count: number;
}

/**
 * Anything that opens a transaction: PGlite, or a few lines around your ORM. It commits when `work` returns. If `work`
 * throws, it rolls back and throws the same error.
 */
export interface TransactionOpener {
  transaction<Result>(work: (transaction: OpenTransaction) => Promise<Result>): Promise<Result>;
}

export interface OpenTransaction {
  query(
    sql: string,
    // biome-ignore lint/suspicious/noExplicitAny: drivers declare their parameters in different ways.
    parameters?: any[],
  ): Promise<{ rows: unknown[]; affectedRows?: number | undefined; rowCount?: number | null | undefined }>;
}

/** Opens a transaction for some work, and commits it. */
export type Open = <Result>(limits: Limits, work: (query: Query) => Promise<Result>) => Promise<Result>;

/** The statements of a transaction that an ORM or PGlite has opened. */
export function queryOf(
  transaction: OpenTransaction,
  toParameter: (parameter: string | number | null) => unknown = (parameter) => parameter,
): Query {
  return async (sql, parameters = []) => {
    const { rows, affectedRows, rowCount } = await transaction.query(sql, parameters.map(toParameter));
    return { rows: rows as Record<string, unknown>[], count: affectedRows ?? rowCount ?? 0 };
  };
}

/** Whether a client has a method: drivers are told apart by that. */
export function hasMethod(client: unknown, name: string): boolean {
  return (
    (typeof client === 'object' || typeof client === 'function') &&
    client !== null &&
    typeof (client as Record<string, unknown>)[name] === 'function'
  );
}
