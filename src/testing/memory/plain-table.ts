import type { SqlTable } from '../sql/table.ts';
import { type SqlValue, withAffinity } from '../sql/values.ts';
import { type Change, rowsOf, type Store, type StoredTable, writeRow } from './store.ts';

/** A table that `CREATE TABLE` made: one of the connector or of the app. */
export function plainTable(
  store: Store,
  name: string,
  stored: StoredTable,
  change: Change | undefined,
): SqlTable {
  const columns = stored.columns ?? [];
  const { key } = stored;
  const base = { name, key, columns: columns.map((column) => column.name), rows: () => rowsOf(stored) };
  if (!change) return base;
  /** True if the key is the rowid. */
  const isRowid = columns.some((column) => column.isKey && column.type === 'INTEGER');

  const checked = (values: ReadonlyMap<string, SqlValue>): Map<string, SqlValue> => {
    const whole = new Map<string, SqlValue>();
    for (const { name: column, type, notNull, isKey } of columns) {
      const value = withAffinity(values.get(column) ?? null, type);
      if (value === null && notNull && !(isKey && isRowid))
        throw new Error(`NOT NULL constraint failed: ${name}.${column}`);
      whole.set(column, value);
    }
    return whole;
  };
  const write = (rowid: number, values: ReadonlyMap<string, SqlValue> | undefined): void => {
    change.affected++;
    writeRow(store, change, name, rowid, values);
  };
  return {
    ...base,
    insert(given, conflict) {
      const values = checked(given);
      const id = key === undefined ? null : (values.get(key) ?? null);
      const there = stored.index.get(id);
      if (there !== undefined && conflict === 'ignore') return undefined;
      if (there !== undefined && conflict === 'abort')
        throw new Error(`UNIQUE constraint failed: ${name}.${key}`);
      if (there !== undefined) write(there, undefined);
      const rowid = isRowid && typeof id === 'number' ? id : stored.last + 1;
      if (isRowid && key !== undefined) values.set(key, rowid);
      write(rowid, values);
      return { rowid, values };
    },
    update({ rowid, values: before }, changes) {
      const values = checked(new Map([...before, ...changes]));
      const there = key === undefined ? undefined : stored.index.get(values.get(key) ?? null);
      if (there !== undefined && there !== rowid) throw new Error(`UNIQUE constraint failed: ${name}.${key}`);
      write(rowid, values);
      return { rowid, values };
    },
    remove: ({ rowid }) => write(rowid, undefined),
  };
}
