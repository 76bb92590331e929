import type { Row, Store } from './database/database.ts';
import { type OpenTable, type OpenTables, openTable, type User } from './tables.ts';
import type { UploadedEntry } from './wire.ts';

/** The rows that a transaction reads, as they are now: locked, with what the transaction itself has written. */
export interface LockedRows<U extends User> {
  /** Returns the row, or `null` if there is none. */
  read(table: OpenTable<U>, id: string): Promise<Row | null>;
  /** Reads the row from the database once more. */
  readAgain(table: OpenTable<U>, id: string): Promise<Row | null>;
  /** Returns the rows that columns point to, by column, as the table's `references` name them. */
  readReferences(table: OpenTable<U>, columns: Row): Promise<Record<string, Row | null>>;
  /**
   * Forgets a row that was written: defaults and triggers add to it. A DELETE may cascade, so everything is forgotten.
   */
  changed(table: OpenTable<U>, id: string, isDeleted: boolean): void;
}

/**
 * Locks all rows that the entries change, and those that they point to, sorted by table and id. Without one order for
 * all, two transactions on the same rows wait for each other (a deadlock).
 */
export async function lockRows<U extends User>(
  store: Store,
  tables: OpenTables<U>,
  entries: readonly UploadedEntry[],
): Promise<LockedRows<U>> {
  const wanted = wantedRows(tables, entries);
  const rows = new Map<string, Map<string, Row | null>>();

  const lock = async (table: OpenTable<U>, ids: readonly string[], strength: 'update' | 'share') => {
    if (ids.length === 0) return [];
    const known = rows.get(table.name) ?? new Map<string, Row | null>();
    rows.set(table.name, known);
    const found = await store.lock(table.inDatabase, [...ids].sort(), strength);
    for (const id of ids) known.set(id, found.get(id) ?? null);
    return ids.filter((id) => !found.has(id));
  };

  for (const name of [...wanted.keys()].sort()) {
    const { table, update, existing, share } = wanted.get(name) as WantedRows<U>;
    const absent = await lock(table, [...update], 'update');
    // Somebody who had deleted and inserted the row made this wait, and the new row wasn't there when the statement
    // began. So what should be there is looked for once more. (A PUT finds out when it inserts.)
    await lock(
      table,
      absent.filter((id) => existing.has(id)),
      'update',
    );
    const pointedTo = [...share].filter((id) => !update.has(id));
    await lock(table, await lock(table, pointedTo, 'share'), 'share');
  }

  const readAgain = async (table: OpenTable<U>, id: string, strength: 'update' | 'share' = 'update') => {
    await lock(table, [id], strength);
    return rows.get(table.name)?.get(id) ?? null;
  };

  return {
    async read(table, id) {
      const row = rows.get(table.name)?.get(id);
      return row === undefined ? readAgain(table, id) : row;
    },
    readAgain: (table, id) => readAgain(table, id),

    async readReferences(table, columns) {
      const found: Record<string, Row | null> = {};
      for (const [column, name] of Object.entries(table.rules.references ?? {})) {
        const target = tables.get(name);
        const value = columns[column];
        if (!target || value === undefined || value === null) continue;
        const id = referenceId(target, value);
        const row = rows.get(name)?.get(id);
        found[column] = row === undefined ? await readAgain(target, id, 'share') : row;
      }
      return found;
    },

    changed(table, id, isDeleted) {
      if (isDeleted) rows.clear();
      else rows.get(table.name)?.delete(id);
    },
  };
}

interface WantedRows<U extends User> {
  readonly table: OpenTable<U>;
  /** Rows that the entries change. */
  readonly update: Set<string>;
  /** Those of them that must be there already: the first entry isn't a PUT. */
  readonly existing: Set<string>;
  /** Rows that they point to. */
  readonly share: Set<string>;
}

function wantedRows<U extends User>(
  tables: OpenTables<U>,
  entries: readonly UploadedEntry[],
): Map<string, WantedRows<U>> {
  const wanted = new Map<string, WantedRows<U>>();
  const of = (table: OpenTable<U>): WantedRows<U> => {
    const known = wanted.get(table.name) ?? {
      table,
      update: new Set(),
      existing: new Set(),
      share: new Set(),
    };
    wanted.set(table.name, known);
    return known;
  };
  for (const entry of entries) {
    const table = openTable(tables, entry);
    const { update, existing } = of(table);
    if (entry.op !== 'PUT' && !update.has(entry.id)) existing.add(entry.id);
    update.add(entry.id);
    for (const [column, name] of Object.entries(table.rules.references ?? {})) {
      const target = tables.get(name);
      const value = entry.op_data?.[column];
      if (target && value !== undefined && value !== null) of(target).share.add(referenceId(target, value));
    }
  }
  return wanted;
}

/** The id that a column points to, as the database writes it. */
function referenceId<U extends User>({ inDatabase }: OpenTable<U>, value: unknown): string {
  return inDatabase.id.kind === 'uuid' ? String(value).toLowerCase() : String(value);
}
