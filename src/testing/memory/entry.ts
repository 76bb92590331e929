import type { CrudEntryLike } from '../../database/database.ts';

/** A queue entry as SDK 1.x and 2.x make it. */
export interface MemoryCrudEntry extends CrudEntryLike {
  /**
   * Has the members `op_id`, `op`, `type`, `id`, `tx_id`, `data`, `old` and `metadata`: other names than the entry
   * itself.
   */
  toJSON(): unknown;
  equals(entry: MemoryCrudEntry): boolean;
  toComparisonArray(): unknown[];
}

/** Reads a row of `ps_crud`, as a new object each time. */
export function readEntry(clientId: number, transactionId: unknown, text: string): MemoryCrudEntry {
  const { op, type, id, data, old, metadata } = JSON.parse(text);
  // The prototype, as in the SDK: copies of an entry don't have these functions.
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
  equals(entry) {
    return JSON.stringify(this.toComparisonArray()) === JSON.stringify(entry.toComparisonArray());
  },
  toComparisonArray() {
    const { transactionId, clientId, op, table, id, opData, previousValues, metadata } = this;
    return [transactionId, clientId, op, table, id, opData, previousValues, metadata];
  },
};
