import type { UploadEntry } from '../queue/transaction.ts';

/** `{ table, data }` with the id inside `data`, as several backends take one operation. */
export function operation(
  { table, id, opData }: UploadEntry,
  columns: Record<string, unknown> = { ...opData },
): { table: string; data: Record<string, unknown> } {
  return { table, data: { ...columns, id } };
}
