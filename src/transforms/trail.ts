import type { UploadEntry } from '../queue/transaction.ts';

/** Remembers where in a transaction rows, ids and tables were last written, to tell what depends on what. */
export interface Trail {
  /** Notes an entry that stands at `index`. */
  add(index: number, entry: UploadEntry): void;
  /** Whether a PATCH of the row may move to `index`: nothing behind that may have to come before it. */
  mayMoveTo(index: number, patch: UploadEntry): boolean;
  /** Whether the PUT or PATCH at `index` may be left out before a DELETE: nothing behind it may have to come after it. */
  mayDrop(index: number, entry: UploadEntry): boolean;
}

/** Foreign keys are taken to refer to ids, and a PUT to be of a new row. */
export function createTrail(): Trail {
  const created = lastIndexes(); // of the PUT of an id
  const held = lastIndexes(); // of a PUT or PATCH that holds a value, such as an id
  const written = lastIndexes(); // of any entry of a table
  const freed = lastIndexes(); // of a PATCH or DELETE of a table, either may free a unique value; `''`: of any DELETE
  return {
    add(index, { op, table, id, opData }) {
      written.note(table, index);
      if (op !== 'PUT') freed.note(table, index);
      if (op === 'PUT') created.note(id, index);
      if (op === 'DELETE') freed.note('', index);
      for (const value of Object.values(opData ?? {})) held.note(String(value), index);
    },
    mayMoveTo: (index, { table, opData }) =>
      !freed.isBehind(table, index) &&
      !Object.values(opData ?? {}).some((value) => created.isBehind(String(value), index)),
    mayDrop: (index, { op, table, id }) =>
      op === 'PUT'
        ? !held.isBehind(id, index)
        : op === 'PATCH' && !freed.isBehind('', index) && !written.isBehind(table, index),
  };
}

function lastIndexes() {
  const last = new Map<string, number>();
  return {
    note: (name: string, index: number) => last.set(name, Math.max(index, last.get(name) ?? 0)),
    isBehind: (name: string, index: number) => (last.get(name) ?? 0) > index,
  };
}
