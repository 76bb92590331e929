import type { UploadErrorCode } from './codes.ts';

/** Reads a table of a database's error numbers, given by what they mean: any other is `unknown`, which is retried. */
export function codeTable(
  numbers: Partial<Record<UploadErrorCode, readonly number[]>>,
): (number: number | undefined) => UploadErrorCode {
  const codes = new Map<number | undefined, UploadErrorCode>();
  for (const [code, all] of Object.entries(numbers))
    for (const number of all) codes.set(number, code as UploadErrorCode);
  return (number) => codes.get(number) ?? 'unknown';
}
