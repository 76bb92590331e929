import type { SqlDatabase, SqlTable } from '../sql/table.ts';
import type { SqlValue } from '../sql/values.ts';
import { crudInput, crudTable } from './crud.ts';
import { plainTable } from './plain-table.ts';
import type { MemorySchema } from './schema.ts';
import { addTable, type Change, type Store } from './store.ts';
import { storageName, syncedTable } from './synced-table.ts';

/**
 * The tables of a database file, for SQL statements.
 *
 * @param change The running transaction. Without one, nothing can be written.
 */
export function catalog(store: Store, schema: MemorySchema | undefined, change?: Change): SqlDatabase {
  function find(name: string): SqlTable | undefined {
    if (name === 'ps_crud') return crudTable(store, change);
    if (name === 'powersync_crud') return crudInput(store, change);
    if (name === 'sqlite_sequence') return sequence(store);
    if (name === 'sqlite_master') return master(store, schema);
    const stored = store.tables.get(name);
    if (stored) return plainTable(store, name, stored, change);
    if (/^(ps_|sqlite_|connector_)/.test(name)) return undefined;
    const known = schema?.tables.find(({ viewName }) => viewName === name);
    if (known) return syncedTable(store, change, known);
    return schema ? undefined : syncedTable(store, change, { name, viewName: name });
  }
  return {
    table(name) {
      const table = find(name);
      if (!table) throw new Error(`no such table: ${name}`);
      return table;
    },
    hasTable(name) {
      if (schema || store.tables.has(name)) return find(name) !== undefined;
      return store.tables.has(storageName({ name }));
    },
    createTable(name, columns) {
      if (!change) throw new Error('attempt to write a readonly database');
      addTable(store, change, name, columns);
    },
  };
}

/** `sqlite_sequence`, with the last id of an AUTOINCREMENT table. It has no row before the first id. */
function sequence({ lastOpId }: Store): SqlTable {
  const row = { name: 'ps_crud', seq: lastOpId };
  return virtual('sqlite_sequence', ['name', 'seq'], lastOpId > 0 ? [row] : []);
}

function master({ tables }: Store, schema: MemorySchema | undefined): SqlTable {
  const columns = ['type', 'name', 'tbl_name'];
  const stored = [...tables.keys()].map((name) => ({ type: 'table', name, tbl_name: name }));
  const views = schema?.tables.map(({ viewName: name }) => ({ type: 'view', name, tbl_name: name })) ?? [];
  return virtual('sqlite_master', columns, [...stored, ...views]);
}

function virtual(
  name: string,
  columns: readonly string[],
  rows: readonly Readonly<Record<string, SqlValue>>[],
): SqlTable {
  return {
    name,
    columns,
    rows: () => rows.map((row, index) => ({ rowid: index + 1, values: new Map(Object.entries(row)) })),
  };
}
