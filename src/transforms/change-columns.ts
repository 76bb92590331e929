import type { UploadEntry } from '../queue/transaction.ts';

/** Columns of an entry, by name. */
export type Columns = Readonly<Record<string, unknown>>;

/** New name and value of a column; undefined leaves it out. `isOld`: it is one of `previousValues`. */
export type ChangeColumn = (
  column: string,
  value: unknown,
  isOld: boolean,
) => readonly [column: string, value: unknown] | undefined;

/** Changes each column of an entry, the previous values alike; the entry itself stays as it is. */
export function changeColumns(entry: UploadEntry, change: ChangeColumn): UploadEntry {
  const changeAll = (columns: Columns, isOld: boolean): Columns => {
    const changed = new Map<string, unknown>();
    for (const [old, value] of Object.entries(columns)) {
      const now = change(old, value, isOld);
      if (!now) continue;
      if (changed.has(now[0])) throw new TypeError(`Two columns would be called "${now[0]}".`);
      changed.set(...now);
    }
    return Object.fromEntries(changed);
  };
  const { opData, previousValues } = entry;
  return {
    ...entry,
    ...(opData && { opData: changeAll(opData, false) }),
    ...(previousValues && { previousValues: changeAll(previousValues, true) }),
  };
}
