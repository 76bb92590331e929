import { castAsSqlite, wholeNumberIn } from '../../transforms/sqlite-cast.ts';

/** A value in a table. */
export type SqlValue = string | number | null;

/** Converts a parameter as the SDK's drivers do. Throws a TypeError if they can't bind it. */
export function toSqlValue(value: unknown, what: string): SqlValue {
  if (typeof value === 'string' || value === null) return value;
  if (typeof value === 'boolean' || typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') return Number.isNaN(value) ? null : value; // SQLite has no NaN
  throw new TypeError(
    `memoryDatabase: ${what} cannot be stored: text, a number, a boolean or null can, and JSON as text; got ${typeof value}.`,
  );
}

/** Returns the truth of a value in SQL, in which null is neither true nor false. */
export function truth(value: SqlValue): boolean | null {
  if (value === null) return null;
  return toNumber(value) !== 0;
}

/** Returns the number of a value in arithmetic. */
export function toNumber(value: SqlValue): number {
  return value === null ? 0 : Number(castAsSqlite(value, 'REAL'));
}

export function fromTruth(value: boolean | null): SqlValue {
  return value === null ? null : Number(value);
}

/** Compares two values in SQLite's order: null, numbers, text. */
export function order(a: SqlValue, b: SqlValue): number {
  const [rankA, rankB] = [rank(a), rank(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (a === b || a === null || b === null) return 0;
  return a < b ? -1 : 1;
}

/** Returns the result of a comparison. A comparison with null is null. */
export function compared(a: SqlValue, b: SqlValue, holds: (order: number) => boolean): SqlValue {
  return a === null || b === null ? null : Number(holds(order(a, b)));
}

/** Converts a value as a column of this type does when it stores it (SQLite's type affinity). */
export function withAffinity(value: SqlValue, type: string | undefined): SqlValue {
  if (type === 'TEXT') return typeof value === 'number' ? String(castAsSqlite(value, type)) : value;
  if (type !== 'INTEGER' && type !== 'REAL') return value;
  return (typeof value === 'string' ? wholeNumberIn(value) : undefined) ?? value;
}

/** Returns `CAST (value AS type)`, as PowerSync's views do. */
export function cast(value: SqlValue, type: string | undefined): SqlValue {
  if (value === null || type === undefined) return value;
  const shown = castAsSqlite(value, type);
  return type === 'TEXT' ? String(shown) : Number(shown);
}

function rank(value: SqlValue): number {
  return value === null ? 0 : typeof value === 'number' ? 1 : 2;
}
