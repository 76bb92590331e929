import { Fail, type Row, type SqlTable, type Values } from '../sql/table.ts';
import { cast, type SqlValue, truth, withAffinity } from '../sql/values.ts';
import { beginQueueing, queueEntry } from './crud.ts';
import type { MemoryTableSchema } from './schema.ts';
import { addTable, type Change, newChange, rowsOf, type Store, type StoredTable, writeRow } from './store.ts';

/** Columns of the view that aren't data columns. */
const SPECIAL = ['id', '_metadata', '_deleted'];

/** Returns the name of the table that stores the rows of a synced table. */
export function storageName({ name, localOnly }: Pick<MemoryTableSchema, 'name' | 'localOnly'>): string {
  return `ps_data${localOnly ? '_local' : ''}__${name}`;
}

/** Returns the stored rows of a synced table, and makes the table at its first use. */
export function storageOf(store: Store, table: Pick<MemoryTableSchema, 'name' | 'localOnly'>): StoredTable {
  const name = storageName(table);
  return store.tables.get(name) ?? addTable(store, newChange(), name, undefined, 'id');
}

/**
 * The view of a synced table, with the effects of PowerSync's triggers. A PUT has the columns that are not null, a
 * PATCH has the columns that changed, with nulls, and a DELETE has none. Columns are sorted by name.
 *
 * @param schema Without an app schema, `columns` is undefined: any column can be written, and values stay as they are.
 */
export function syncedTable(
  store: Store,
  change: Change | undefined,
  schema: Omit<MemoryTableSchema, 'columns'> & Partial<Pick<MemoryTableSchema, 'columns'>>,
): SqlTable {
  const { viewName, trackMetadata, insertOnly } = schema;
  const stored = storageOf(store, schema);
  const types = new Map(schema.columns?.map(({ name, type }) => [name, type ?? undefined]));
  const own = schema.columns?.map(({ name }) => name);
  const special = trackMetadata || !own ? SPECIAL : ['id'];
  const asShown = ({ rowid, values }: Row): Row => ({
    rowid,
    values: new Map([...values].map(([name, value]) => [name, cast(value, types.get(name))])),
  });
  const base = {
    name: viewName,
    columns: own && ['id', ...own, ...special.slice(1)],
    known: [...stored.seen],
    rows: () => [...rowsOf(stored)].map(asShown),
  };
  if (!change) return base;

  const triggers = createTriggers(store, change, schema, stored, types);
  const begin = (): void => {
    if (!schema.localOnly) beginQueueing(store, change);
  };
  return insertOnly ? { ...base, begin, insert: triggers.insert } : { ...base, begin, ...triggers };
}

function createTriggers(
  store: Store,
  change: Change,
  schema: Parameters<typeof syncedTable>[2],
  stored: StoredTable,
  types: ReadonlyMap<string, string | undefined>,
): Required<Pick<SqlTable, 'insert' | 'update' | 'remove'>> {
  const { name, insertOnly, localOnly, ignoreEmptyUpdates } = schema;
  const keep = (rowid: number, values: Values | undefined): void => {
    if (!insertOnly) writeRow(store, change, storageName(schema), rowid, values);
  };
  const queue = (
    op: string,
    id: SqlValue,
    members: { data?: object; old?: object; metadata?: SqlValue },
  ): void => {
    if (localOnly) return;
    noteUpdated(store, change, name, String(id));
    const { metadata = null, ...others } = members;
    const text = typeof metadata === 'string' ? metadata : undefined; // the SDK only accepts text
    queueEntry(store, change, { op, table: name, id: String(id), ...others, metadata: text });
  };
  const old = previousOf(schema);

  function remove({ rowid, values }: Row, metadata: SqlValue = null): void {
    keep(rowid, undefined);
    queue('DELETE', values.get('id') ?? null, { ...old(values), metadata });
  }

  return {
    insert(given, conflict) {
      for (const column of given.keys()) stored.seen.add(column);
      const id = checkId(given.get('id') ?? null, name);
      const there = stored.index.get(id);
      if (there !== undefined && conflict === 'abort')
        throw new Error(`UNIQUE constraint failed: ${storageName(schema)}.id`);
      const data = [...given].filter(([column, value]) => !SPECIAL.includes(column) && value !== null);
      const values = new Map<string, SqlValue>([['id', id], ...data]);
      if (there !== undefined && conflict === 'replace') keep(there, undefined);
      const rowid = stored.last + 1;
      if (there === undefined || conflict === 'replace') keep(rowid, values);
      // Queued even if `OR IGNORE` didn't change the row, as in the SDK.
      queue('PUT', id, { data: byName(data), metadata: given.get('_metadata') ?? null });
      return { rowid, values: given };
    },
    update(row, given) {
      for (const column of given.keys()) stored.seen.add(column);
      const { values: before, isUnknown } = row;
      const rowid = isUnknown ? stored.last + 1 : row.rowid;
      const metadata = given.get('_metadata') ?? null;
      if (truth(given.get('_deleted') ?? null)) {
        remove(row, metadata);
        return row;
      }
      if (given.has('id') && given.get('id') !== before.get('id')) throw new Fail('Cannot update id');
      const changes = [...given]
        .filter(([column]) => !SPECIAL.includes(column))
        .map(([column, value]) => [column, withAffinity(value, types.get(column))] as const);
      const changed = changes.filter(
        ([column, value]) => isUnknown || (before.get(column) ?? null) !== value,
      );
      const values = new Map([...before, ...changes]);
      if (changed.length === 0 && ignoreEmptyUpdates) return row;
      keep(rowid, values);
      queue('PATCH', before.get('id') ?? null, {
        data: byName(changed),
        ...old(
          before,
          changed.map(([column]) => column),
        ),
        metadata,
      });
      return { rowid, values };
    },
    remove: (row) => remove(row),
  };
}

/**
 * Returns the previous values that `trackPrevious` adds to an entry. With `onlyWhenChanged`, an update has only the
 * columns that changed.
 */
function previousOf({ trackPrevious, columns = [] }: Parameters<typeof syncedTable>[2]) {
  return (values: Values, changed?: readonly string[]): { old?: object } => {
    if (!trackPrevious) return {};
    const { columns: wanted, onlyWhenChanged = false } = trackPrevious === true ? {} : trackPrevious;
    const names = columns
      .map(({ name }) => name)
      .filter(
        (name) => (wanted?.includes(name) ?? true) && !(onlyWhenChanged && changed?.includes(name) === false),
      );
    return { old: Object.fromEntries(names.map((name) => [name, values.get(name) ?? null])) };
  };
}

/** Records that a row has local changes since PowerSync last wrote the server's state. */
function noteUpdated(store: Store, change: Change, table: string, id: string): void {
  const row = JSON.stringify([table, id]);
  const stored = store.tables.get('ps_updated_rows');
  if (!stored || stored.index.has(row)) return;
  const values = new Map([
    ['row_type', table],
    ['row_id', id],
    ['row', row],
  ]);
  writeRow(store, change, 'ps_updated_rows', stored.last + 1, values);
}

function checkId(id: SqlValue, table: string): string {
  if (id === null) throw new Fail(`id is required (table ${table})`);
  if (typeof id !== 'string') throw new Fail('id should be text');
  return id;
}

function byName(values: readonly (readonly [string, SqlValue])[]): object {
  return Object.fromEntries([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
}
