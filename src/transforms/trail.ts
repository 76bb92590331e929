import type { UploadEntry } from '../queue/transaction.ts';

/**
 * Remembers where in a transaction rows, values and tables were last written, to find entries that may depend on
 * others.
 */
export interface Trail {
  /** Records the entry at `index`. */
  add(index: number, entry: UploadEntry): void;
  /**
   * Returns true if a PATCH can be merged into the entry of its row at `index`: it depends on no entry after that one.
   */
  mayMoveTo(index: number, patch: UploadEntry, earlier: UploadEntry): boolean;
  /** Returns true if the PUT or PATCH at `index` can be dropped before a DELETE: no later entry depends on it. */
  mayDrop(index: number, entry: UploadEntry): boolean;
}

/**
 * A DELETE may affect any row, because it cascades: it removes rows, clears references and frees unique values. A PATCH
 * may free a unique value, or cascade to rows that refer to the old value. So nothing is moved across either. A PUT is
 * assumed to create a row. It affects no other row, but others may refer to it by its id or by one of its texts.
 */
export function createTrail(): Trail {
  const created = lastIndexes(); // by id or text of a PUT
  const held = lastIndexes(); // by value in a PUT or PATCH, such as an id
  const written = lastIndexes(); // by table
  let changed = -1; // the last PATCH
  let deleted = -1; // the last DELETE
  return {
    add(index, { op, table, id, opData }) {
      written.note(table, index);
      if (op === 'DELETE') deleted = Math.max(index, deleted);
      else if (op !== 'PUT') changed = Math.max(index, changed);
      if (op === 'PUT') created.note(id, index);
      for (const value of Object.values(opData ?? {})) {
        held.note(value, index);
        if (op === 'PUT' && typeof value === 'string') created.note(value, index);
      }
    },
    mayMoveTo: (index, { opData = {} }, earlier) =>
      Math.max(changed, deleted) <= index &&
      !Object.values(opData).some((value) => created.isBehind(value, index)) &&
      !Object.keys(opData).some((column) => {
        const replaced = earlier.opData?.[column];
        // A key cascades when it is set to null. And rows that were put in between may refer to the old value.
        return (earlier.op === 'PATCH' && replaced === null) || isTextBehind(held, replaced, index);
      }),
    mayDrop: (index, { op, table, id, opData = {} }) =>
      deleted <= index &&
      !held.isBehind(id, index) &&
      !Object.values(opData).some((value) => isTextBehind(held, value, index)) &&
      (op === 'PUT' ||
        (op === 'PATCH' &&
          changed <= index &&
          !written.isBehind(table, index) &&
          !Object.values(opData).includes(null))),
  };
}

function isTextBehind(last: ReturnType<typeof lastIndexes>, value: unknown, index: number): boolean {
  return typeof value === 'string' && last.isBehind(value, index);
}

/** The last index of each value. Case is ignored, because some databases ignore it when they compare texts. */
function lastIndexes() {
  const last = new Map<string, number>();
  const nameOf = (value: unknown): string => String(value).toLowerCase();
  return {
    note(value: unknown, index: number): void {
      const name = nameOf(value);
      last.set(name, Math.max(index, last.get(name) ?? -1));
    },
    isBehind: (value: unknown, index: number): boolean => (last.get(nameOf(value)) ?? -1) > index,
  };
}
