import type { UploadErrorCode } from './codes.ts';

// PostgreSQL, appendix A "Error Codes". The first pattern that matches counts.
const CODES: readonly (readonly [RegExp, UploadErrorCode])[] = [
  [/^57014/, 'timeout'], // query_canceled: statement timeout
  // 25006: a replica after a failover. 26000, 42P05, 0A000: prepared statements behind a pooler, or after a deployment.
  [/^(08|25006|26|40|42P05|0A000|53|55P03|57|58|XX)/, 'unavailable'],
  // Undefined table, column, function or type (for example a cast to the row type of a table). 42S: those of MySQL.
  [/^(42P01|42703|42883|42704|42S02|42S22)/, 'schema_mismatch'],
  [/^42501/, 'forbidden'], // insufficient_privilege, row-level security
  [/^(23503|23505|23P01)/, 'conflict'],
  [/^(22|23|P0001)/, 'invalid'], // P0001: RAISE EXCEPTION
];

/**
 * Returns the error code for a five-character SQLSTATE; `unknown`, which is retried, for any that has no meaning
 * here.
 */
export function codeFromSqlState(sqlState: string): UploadErrorCode {
  return CODES.find(([pattern]) => pattern.test(sqlState))?.[1] ?? 'unknown';
}
