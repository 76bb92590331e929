import { ownError } from '../error/own-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/** Columns of an entry, by name. */
export type Columns = Readonly<Record<string, unknown>>;

/** Returns the new name and value of a column, or undefined to leave it out. `isOld` is true in `previousValues`. */
export type ChangeColumn = (
  column: string,
  value: unknown,
  isOld: boolean,
) => readonly [column: string, value: unknown] | undefined;

/** Returns a copy of an entry with each column changed, in `previousValues` too. */
export function changeColumns(entry: UploadEntry, change: ChangeColumn): UploadEntry {
  const changeAll = (columns: Columns, isOld: boolean): Columns =>
    collected(Object.entries(columns).map(([old, value]) => change(old, value, isOld)));
  const { opData, previousValues } = entry;
  return {
    ...entry,
    ...(opData && { opData: changeAll(opData, false) }),
    ...(previousValues && { previousValues: changeAll(previousValues, true) }),
  };
}

/** Like `changeColumns()`, for an asynchronous function. Columns are changed one after another. */
export async function changeColumnsLater(
  entry: UploadEntry,
  change: (...column: Parameters<ChangeColumn>) => Promise<ReturnType<ChangeColumn>>,
): Promise<UploadEntry> {
  const changes = [new Map<string, ReturnType<ChangeColumn>>(), new Map<string, ReturnType<ChangeColumn>>()];
  for (const [index, columns] of [entry.opData, entry.previousValues].entries()) {
    for (const [old, value] of Object.entries(columns ?? {}))
      changes[index]?.set(old, await change(old, value, index === 1));
  }
  return changeColumns(entry, (old, _, isOld) => changes[Number(isOld)]?.get(old));
}

function collected(columns: readonly ReturnType<ChangeColumn>[]): Columns {
  const changed = new Map<string, unknown>();
  for (const column of columns) {
    if (!column) continue;
    if (changed.has(column[0])) throw ownError(`Two columns would be called "${column[0]}".`);
    changed.set(...column);
  }
  return Object.fromEntries(changed);
}
