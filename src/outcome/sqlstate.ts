import type { UploadErrorCode } from './upload-error.ts';

// PostgreSQL, appendix A "Error Codes". The first pattern that fits decides.
const CODES: readonly (readonly [RegExp, UploadErrorCode])[] = [
  [/^57014/, 'timeout'], // query_canceled: statement timeout
  [/^(08|40|53|55P03|57|58)/, 'unavailable'],
  [/^(42P01|42703|42883)/, 'schema_mismatch'], // undefined table, column, function
  [/^42501/, 'forbidden'], // insufficient_privilege, row-level security
  [/^(23503|23505|23P01)/, 'conflict'],
  [/^(22|23|P0001)/, 'invalid'], // P0001: RAISE EXCEPTION
];

/** What a five-character SQLSTATE means for the write that met it. */
export function codeFromSqlState(sqlState: string): UploadErrorCode {
  return CODES.find(([pattern]) => pattern.test(sqlState))?.[1] ?? 'unknown';
}
