import { warnOnce } from '../diagnostics/warn-once.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/**
 * Makes a function that compares the columns of an entry with the row in the answer. It warns once of each column that
 * the backend may have dropped. Values are compared only with null, because a backend formats them in its own way.
 */
export function warnOfDroppedColumns(): (entry: UploadEntry, row: Readonly<Record<string, unknown>>) => void {
  const once = warnOnce();
  return ({ table, opData = {} }, row) => {
    for (const [column, value] of Object.entries(opData)) {
      const stored = Object.hasOwn(row, column) ? row[column] : undefined;
      if (value === null ? stored == null : stored != null) continue;
      once(
        `${table}.${column}`,
        `${table}.${column} was sent, but the answer has ${stored === undefined ? 'no such column' : 'another value'}. If the ` +
          "controller doesn't permit it, it is lost, without an error. If only the view leaves it out, all is well.",
      );
    }
  };
}
