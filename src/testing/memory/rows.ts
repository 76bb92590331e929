import { checkNames } from '../sql/statement.ts';
import { type SqlValue, toSqlValue } from '../sql/values.ts';
import { catalog } from './catalog.ts';
import type { MemorySchema } from './schema.ts';
import { type Change, type Store, writeRow } from './store.ts';
import { storageName, storageOf } from './synced-table.ts';

/** Columns of a row by name. Booleans are stored as 0 and 1. JSON is text. */
export type MemoryColumns = Readonly<Record<string, string | number | boolean | null>>;

/** Rows by table, each with its `id`. */
export type MemoryRows = Readonly<Record<string, readonly (MemoryColumns & { readonly id: string })[]>>;

/** Options of a write. */
export type WriteOptions = {
  /** Text for the `metadata` of the entry. */
  readonly metadata?: string | undefined;
};

/** Writes a row like `INSERT OR REPLACE` (PUT), `UPDATE` (PATCH) or `DELETE`. */
export function writeOne(
  { store, schema, change }: { store: Store; schema: MemorySchema | undefined; change: Change },
  op: 'PUT' | 'PATCH' | 'DELETE',
  table: string,
  id: string,
  columns: MemoryColumns,
  { metadata }: WriteOptions = {},
): void {
  const target = catalog(store, schema, change).table(table);
  const values = valuesOf(table, columns);
  if (metadata !== undefined) values.set('_metadata', metadata);
  checkNames(target, [...values.keys()]);
  if (op === 'PUT') {
    if (!target.insert) throw new Error(`table ${table} may not be modified`);
    target.insert(new Map([['id', id], ...values]), 'replace');
    return;
  }
  if (!target.update) throw new Error(`cannot modify ${table} because it is a view`);
  if (op === 'DELETE') values.set('_deleted', 1);
  const there = [...target.rows()].find((row) => row.values.get('id') === id);
  target.update(there ?? { rowid: 0, values: new Map([['id', id]]), isUnknown: true }, values);
}

/** Replaces the rows of these tables with those of the server. Nothing is queued. */
export function applyRows(
  store: Store,
  schema: MemorySchema | undefined,
  change: Change,
  rows: MemoryRows,
): void {
  for (const [table, list] of Object.entries(rows)) {
    const known = schema?.tables.find(({ name }) => name === table);
    if (schema && !known) throw new Error(`no such table: ${table}`);
    const target = known ?? { name: table };
    const stored = storageOf(store, target);
    const write = (rowid: number, values?: Map<string, SqlValue>): void =>
      writeRow(store, change, storageName(target), rowid, values);
    for (const rowid of [...stored.rows.keys()]) write(rowid);
    for (const { id, ...columns } of list) {
      const values = valuesOf(table, columns);
      for (const name of values.keys()) stored.seen.add(name);
      write(stored.last + 1, new Map([['id', id], ...values]));
    }
  }
  for (const rowid of [...(store.tables.get('ps_updated_rows')?.rows.keys() ?? [])])
    writeRow(store, change, 'ps_updated_rows', rowid, undefined);
}

/** Removes what `disconnectAndClear()` removes: the queue and all rows. Plain tables and counters stay. */
export function clearRows(store: Store, change: Change): void {
  for (const [name, { rows }] of store.tables) {
    if (name.startsWith('ps_'))
      for (const rowid of [...rows.keys()]) writeRow(store, change, name, rowid, undefined);
  }
}

function valuesOf(table: string, columns: MemoryColumns): Map<string, SqlValue> {
  return new Map(
    Object.entries(columns).map(([name, value]) => [name, toSqlValue(value, `column ${table}.${name}`)]),
  );
}
