import { addChecksums, operationChecksum } from './checksum.ts';
import { rowData } from './row-data.ts';
import type { Snapshot } from './source.ts';

export interface Operation {
  opId: bigint;
  op: 'PUT' | 'REMOVE';
  table: string;
  rowId: string;
  data: string | null;
  checksum: number;
}

interface KnownRow {
  table: string;
  rowId: string;
  data: string;
}

/**
 * All operations of one bucket since the stand-in started. Nothing is compacted, so any client can resume from the
 * position that it sends, and the checksum is always the sum over the whole history.
 */
export class BucketHistory {
  readonly name: string;
  readonly #nextOpId: () => bigint;
  readonly #operations: Operation[] = [];
  #rows = new Map<string, KnownRow>();
  #checksum = 0;

  constructor(name: string, nextOpId: () => bigint) {
    this.name = name;
    this.#nextOpId = nextOpId;
  }

  get lastOpId(): bigint {
    return this.#operations.at(-1)?.opId ?? 0n;
  }

  get checksum(): number {
    return this.#checksum;
  }

  get count(): number {
    return this.#operations.length;
  }

  since(after: bigint): Operation[] {
    return this.#operations.filter((operation) => operation.opId > after);
  }

  /** Appends what changed between the last snapshot and this one. */
  apply(snapshot: Snapshot): void {
    const rows = rowsOf(snapshot);
    for (const [key, row] of this.#rows) {
      if (!rows.has(key)) this.#append('REMOVE', row.table, row.rowId, null);
    }
    for (const [key, row] of rows) {
      if (this.#rows.get(key)?.data !== row.data) this.#append('PUT', row.table, row.rowId, row.data);
    }
    this.#rows = rows;
  }

  #append(op: Operation['op'], table: string, rowId: string, data: string | null): void {
    const checksum = operationChecksum(op, table, rowId, data ?? '');
    this.#operations.push({ opId: this.#nextOpId(), op, table, rowId, data, checksum });
    this.#checksum = addChecksums(this.#checksum, checksum);
  }
}

function rowsOf(snapshot: Snapshot): Map<string, KnownRow> {
  const rows = new Map<string, KnownRow>();
  for (const [table, tableRows] of Object.entries(snapshot)) {
    for (const row of tableRows) {
      rows.set(JSON.stringify([table, row.id]), { table, rowId: row.id, data: rowData(row) });
    }
  }
  return rows;
}
