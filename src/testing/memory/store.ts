import type { ColumnDefinition, Row, Values } from '../sql/table.ts';
import type { SqlValue } from '../sql/values.ts';

/** A stored table. */
export interface StoredTable {
  readonly columns: readonly ColumnDefinition[] | undefined;
  /** The column with the key. */
  readonly key: string | undefined;
  /** Rows by rowid, sorted by it. */
  readonly rows: Map<number, Values>;
  /** Rowids by key. */
  readonly index: Map<SqlValue, number>;
  /** Columns written so far, if any column may be written. */
  readonly seen: Set<string>;
  /** The highest rowid. */
  last: number;
}

/** The content of the database file. */
export interface Store {
  readonly clientId: string;
  readonly tables: Map<string, StoredTable>;
  /** The last op id. It isn't reset when the queue is cleared. */
  lastOpId: number;
  lastTransactionId: number;
  /** True if a completion had nothing to remove, and nothing was written since. */
  isFrozen: boolean;
}

/** The changes of a transaction so far. */
export interface Change {
  /** Steps that undo the changes, for this store or a copy of it. The last one runs first. */
  readonly undo: ((store: Store) => void)[];
  /** Tables that were written to. */
  readonly tables: Set<string>;
  /** The id of its queue entries. Undefined before the first one. */
  transactionId: number | undefined;
  /** Number of written rows of plain tables. SQLite doesn't count writes to views. */
  affected: number;
}

export function createStore(clientId: string): Store {
  return { clientId, tables: new Map(), lastOpId: 0, lastTransactionId: 0, isFrozen: false };
}

export function newChange(): Change {
  return { undo: [], tables: new Set(), transactionId: undefined, affected: 0 };
}

/** Undoes the steps from this number on. */
export function rollBack(store: Store, { undo }: Change, steps = 0): void {
  for (const step of undo.splice(steps).reverse()) step(store);
}

/** Makes an independent copy. */
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

/** Writes a row of an existing table. Undefined removes it. */
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

/** Returns the next op id or transaction id. */
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

/** Sorts rows by rowid, after an undo has put one back. */
function sortRows({ rows }: StoredTable): void {
  const sorted = [...rows].sort(([a], [b]) => a - b);
  rows.clear();
  for (const [rowid, values] of sorted) rows.set(rowid, values);
}

/** Returns the last of sorted rowids. */
function lastOf(rowids: Iterable<number>): number {
  let last = 0;
  for (const rowid of rowids) last = rowid;
  return last;
}
