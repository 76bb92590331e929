import type { SqlTable, Values } from '../sql/table.ts';
import type { SqlValue } from '../sql/values.ts';
import { addTable, type Change, newChange, nextId, rowsOf, type Store, writeRow } from './store.ts';

/** The content of a new queue entry. */
export interface NewEntry {
  readonly op: string;
  readonly table: string;
  readonly id: string;
  readonly data?: object | undefined;
  readonly old?: object | undefined;
  readonly metadata?: string | undefined;
}

/** Queues an entry of this transaction. */
export function queueEntry(
  store: Store,
  change: Change,
  { op, table, id, data, old, metadata }: NewEntry,
): void {
  const text = JSON.stringify({ op, type: table, id, data, old, metadata });
  queueText(store, change, beginQueueing(store, change), text);
}

/**
 * Gives the transaction its id at the first statement that may queue something. As in the SDK, if that statement fails,
 * the transaction keeps the id, but the counter goes back, so the next transaction gets the same id.
 */
export function beginQueueing(store: Store, change: Change): number {
  change.transactionId ??= nextId(store, change, 'lastTransactionId');
  return change.transactionId;
}

/** Adds a row to `ps_crud`. If downloads were frozen, that ends. */
function queueText(store: Store, change: Change, transactionId: SqlValue, data: SqlValue): Values {
  const wasFrozen = store.isFrozen;
  change.undo.push((each) => {
    each.isFrozen = wasFrozen;
  });
  store.isFrozen = false;
  const id = nextId(store, change, 'lastOpId');
  const values = new Map<string, SqlValue>([
    ['id', id],
    ['tx_id', transactionId],
    ['data', data],
  ]);
  writeRow(store, change, 'ps_crud', id, values);
  return values;
}

const COLUMNS = ['id', 'tx_id', 'data'].map((name) => ({
  name,
  type: '',
  isKey: name === 'id',
  notNull: false,
}));

/** The tables that every PowerSync database has. */
export function addInternalTables(store: Store): void {
  const change = newChange();
  addTable(store, change, 'ps_crud', COLUMNS);
  const updated = ['row_type', 'row_id'].map((name) => ({ name, type: 'TEXT', isKey: false, notNull: true }));
  addTable(store, change, 'ps_updated_rows', updated, 'row'); // a key of both columns together
}

/** `ps_crud`, the upload queue. */
export function crudTable(store: Store, change: Change | undefined): SqlTable {
  const base = {
    name: 'ps_crud',
    columns: COLUMNS.map(({ name }) => name),
    rows: () => rowsOf(store.tables.get('ps_crud')),
  };
  if (!change) return base;
  return {
    ...base,
    insert(values) {
      if (values.get('id') != null)
        throw new Error('memoryDatabase: op ids are given out, and cannot be chosen');
      const row = queueText(store, change, values.get('tx_id') ?? null, values.get('data') ?? null);
      change.affected++;
      return { rowid: store.lastOpId, values: row };
    },
    remove({ rowid }) {
      change.affected++;
      writeRow(store, change, 'ps_crud', rowid, undefined);
    },
  };
}

/** `powersync_crud`: an INSERT queues an entry, without changing the row. */
export function crudInput(store: Store, change: Change | undefined): SqlTable {
  const columns = ['op', 'id', 'type', 'data', 'old_values', 'metadata'];
  const base = { name: 'powersync_crud', columns, rows: () => [] };
  if (!change) return base;
  return {
    ...base,
    begin: () => void beginQueueing(store, change),
    insert(values) {
      const text = (name: string): string | undefined => {
        const value = values.get(name) ?? null;
        return value === null ? undefined : String(value);
      };
      const json = (name: string): object | undefined => {
        const value = text(name);
        return value === undefined ? undefined : JSON.parse(value);
      };
      queueEntry(store, change, {
        op: text('op') ?? '',
        table: text('type') ?? '',
        id: text('id') ?? '',
        data: json('data'),
        old: json('old_values'),
        metadata: text('metadata'),
      });
      return { rowid: store.lastOpId, values };
    },
  };
}
