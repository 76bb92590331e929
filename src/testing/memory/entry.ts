import type { CrudEntryLike } from '../../database/database.ts';

/** A queue entry like those of SDK 1.x and 2.x. */
export interface MemoryCrudEntry extends CrudEntryLike {
  /**
   * Returns the fields with the SDK's JSON names: `op_id`, `op`, `type`, `id`, `tx_id`, `data`, `old` and `metadata`.
   */
  toJSON(): unknown;
  /** Returns true if the other entry has the same content. */
  equals(entry: MemoryCrudEntry): boolean;
  /** Returns the content as an array, to compare entries. */
  toComparisonArray(): unknown[];
}

/** Makes a new entry from a row of `ps_crud`. */
export function readEntry(clientId: number, transactionId: unknown, text: string): MemoryCrudEntry {
  const { op, type, id, data, old, metadata } = JSON.parse(text);
  // On the prototype, as in the SDK: copies of an entry don't have these functions.
  return Object.assign(Object.create(functions), {
    clientId,
    id,
    op,
    opData: data,
    previousValues: old,
    table: type,
    transactionId,
    metadata,
  });
}

const functions: Pick<MemoryCrudEntry, 'toJSON' | 'equals' | 'toComparisonArray'> &
  ThisType<MemoryCrudEntry> = {
  toJSON() {
    return {
      op_id: this.clientId,
      op: this.op,
      type: this.table,
      id: this.id,
      tx_id: this.transactionId,
      data: this.opData,
      old: this.previousValues,
      metadata: this.metadata,
    };
  },
  /** Returns true if the other entry has the same content. */
  equals(entry) {
    return JSON.stringify(this.toComparisonArray()) === JSON.stringify(entry.toComparisonArray());
  },
  toComparisonArray() {
    const { transactionId, clientId, op, table, id, opData, previousValues, metadata } = this;
    return [transactionId, clientId, op, table, id, opData, previousValues, metadata];
  },
};
