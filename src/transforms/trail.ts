import type { UploadEntry } from '../queue/transaction.ts';

/** Remembers where in a transaction rows, values and tables were last written, to tell what may depend on what. */
export interface Trail {
  /** Notes an entry that stands at `index`. */
  add(index: number, entry: UploadEntry): void;
  /** Whether a PATCH may join the entry of its row at `index`: nothing behind that may have to come before it. */
  mayMoveTo(index: number, patch: UploadEntry, earlier: UploadEntry): boolean;
  /** Whether the PUT or PATCH at `index` may be left out before a DELETE: nothing behind it may have to come after it. */
  mayDrop(index: number, entry: UploadEntry): boolean;
}

/**
 * A DELETE may reach any row, since it cascades: it removes rows, empties references, frees unique values. A PATCH may free
 * a unique value, or cascade to what refers to the old one. So nothing is moved across either. A PUT is taken to be of a new
 * row: it reaches no other, but others may refer to it, by its id or by a text of it.
 */
export function createTrail(): Trail {
  const created = lastIndexes(); // of the PUT of an id, or of a text
  const held = lastIndexes(); // of a PUT or PATCH that holds a value, such as an id
  const written = lastIndexes(); // of any entry of a table
  let changed = -1; // of any PATCH
  let deleted = -1; // of any DELETE
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
        // A key that was emptied cascades once; and what was put in between may refer to the value that is replaced.
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

/** By value; databases may take texts for equal that differ in case. */
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
