import type { UploadErrorCode } from './codes.ts';

/** Turns lists of a database's error numbers, by meaning, into a lookup. Any other number is `unknown`: retried. */
export function codeTable(
  numbers: Partial<Record<UploadErrorCode, readonly number[]>>,
): (number: number | undefined) => UploadErrorCode {
  const codes = new Map<number | undefined, UploadErrorCode>();
  for (const [code, all] of Object.entries(numbers))
    for (const number of all) codes.set(number, code as UploadErrorCode);
  return (number) => codes.get(number) ?? 'unknown';
}
