import type { UploadEntry } from '../queue/transaction.ts';

/** Columns of an entry, by name. */
export type Columns = Readonly<Record<string, unknown>>;

/** Changes the columns of an entry, the previous values alike; the entry itself stays as it is. */
export function changeColumns(
  entry: UploadEntry,
  change: (columns: Columns, part: 'opData' | 'previousValues') => Columns,
): UploadEntry {
  const { opData, previousValues } = entry;
  return {
    ...entry,
    ...(opData && { opData: change(opData, 'opData') }),
    ...(previousValues && { previousValues: change(previousValues, 'previousValues') }),
  };
}
