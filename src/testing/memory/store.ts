import type { ColumnDefinition, Row, Values } from '../sql/table.ts';
import type { SqlValue } from '../sql/values.ts';

/** A table as it is kept. */
export interface StoredTable {
  readonly columns: readonly ColumnDefinition[] | undefined;
  /** The column that tells rows apart. */
  readonly key: string | undefined;
  /** By rowid, in that order. */
  readonly rows: Map<number, Values>;
  /** From the key to the rowid. */
  readonly index: Map<SqlValue, number>;
  /** Columns that were ever written, where any may be. */
  readonly seen: Set<string>;
  /** The highest rowid. */
  last: number;
}

/** What is in the database file. */
export interface Store {
  readonly clientId: string;
  readonly tables: Map<string, StoredTable>;
  /** The last op id that was given out; it goes up also over a cleared queue. */
  lastOpId: number;
  lastTransactionId: number;
  /** A completion found nothing left to remove, and nothing was written since. */
  isFrozen: boolean;
}

/** A transaction that is being made. */
export interface Change {
  /** Takes everything back, the last first; on this store, or on a copy of it. */
  readonly undo: ((store: Store) => void)[];
  /** Tables that were written to. */
  readonly tables: Set<string>;
  /** Of its queue entries, once there is one. */
  transactionId: number | undefined;
  /** Rows of plain tables that were written: SQLite doesn't count what goes through a view. */
  affected: number;
}

export function createStore(clientId: string): Store {
  return { clientId, tables: new Map(), lastOpId: 0, lastTransactionId: 0, isFrozen: false };
}

export function newChange(): Change {
  return { undo: [], tables: new Set(), transactionId: undefined, affected: 0 };
}

/** Takes back what was done since the change had so many steps. */
export function rollBack(store: Store, { undo }: Change, steps = 0): void {
  for (const step of undo.splice(steps).reverse()) step(store);
}

/** The same content, independent. */
export function copyStore(store: Store): Store {
  const tables = [...store.tables].map(([name, table]) => {
    return [name, { ...table, rows: new Map(table.rows), index: new Map(table.index) }] as const;
  });
  return { ...store, tables: new Map(tables) };
}

export function addTable(
  store: Store,
  change: Change,
  name: string,
  columns: readonly ColumnDefinition[] | undefined,
  key = columns?.find(({ isKey }) => isKey)?.name,
): StoredTable {
  const table = { columns, key, rows: new Map(), index: new Map(), seen: new Set(['id']), last: 0 };
  store.tables.set(name, table);
  change.undo.push(({ tables }) => tables.delete(name));
  return table;
}

/** Writes a row of a table that exists; undefined removes it. */
export function writeRow(
  store: Store,
  change: Change,
  name: string,
  rowid: number,
  values: Values | undefined,
): void {
  const before = store.tables.get(name)?.rows.get(rowid);
  change.tables.add(name);
  change.undo.push((each) => setRow(each.tables.get(name), rowid, before));
  setRow(store.tables.get(name), rowid, values);
}

/** Gives out the next id, of an entry or of a transaction. */
export function nextId(store: Store, change: Change, counter: 'lastOpId' | 'lastTransactionId'): number {
  const before = store[counter];
  change.undo.push((each) => {
    each[counter] = before;
  });
  store[counter] = before + 1;
  return before + 1;
}

export function rowsOf(table: StoredTable | undefined): Iterable<Row> {
  return [...(table?.rows ?? [])].map(([rowid, values]) => ({ rowid, values }));
}

function setRow(table: StoredTable | undefined, rowid: number, values: Values | undefined): void {
  if (!table) return;
  const { rows, index, key } = table;
  const before = rows.get(rowid);
  if (before && key !== undefined) index.delete(before.get(key) ?? null);
  if (values === undefined) {
    rows.delete(rowid);
    if (rowid === table.last) table.last = lastOf(rows.keys());
    return;
  }
  rows.set(rowid, values);
  if (key !== undefined) index.set(values.get(key) ?? null, rowid);
  if (rowid > table.last) table.last = rowid;
  else if (!before) sortRows(table);
}

/** A row came back into the middle. */
function sortRows({ rows }: StoredTable): void {
  const sorted = [...rows].sort(([a], [b]) => a - b);
  rows.clear();
  for (const [rowid, values] of sorted) rows.set(rowid, values);
}

/** They are in order. */
function lastOf(rowids: Iterable<number>): number {
  let last = 0;
  for (const rowid of rowids) last = rowid;
  return last;
}
