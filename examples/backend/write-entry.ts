// Writes one entry of an upload to its table.

import type { UploadedEntry } from './contract.ts';
import { type Queryable, quoted, type WritableTables } from './database.ts';
import { WriteRefused } from './sqlstate.ts';

/**
 * Applies one entry, or throws. Returns false if there is no such row to PATCH or DELETE.
 *
 * Each statement takes one parameter: the row as JSON. Postgres converts its values to the types of the columns. So
 * only the database checks and converts values, no value can become SQL, and text that isn't valid Unicode is an error
 * instead of being changed on the way.
 */
export async function writeEntry(
  transaction: Queryable,
  tables: WritableTables,
  userId: string,
  entry: UploadedEntry,
): Promise<boolean> {
  const columns = writtenColumns(tables, userId, entry);
  if (entry.op === 'PATCH' && columns.length === 0) return true;

  const table = quoted(entry.table);
  const row = `json_populate_record(null::${table}, $1::json)`;
  const values = entry.op === 'DELETE' ? {} : entry.op_data;
  const parameters = [JSON.stringify({ ...values, id: entry.id, owner_id: userId })];

  const { rows: written } = await transaction.query(statement(entry.op, table, row, columns), parameters);
  if (written.length > 0) return true;

  // Nothing matched. If the row doesn't exist, that may be fine: the DELETE is repeated, or somebody has deleted the
  // row of the PATCH. If it exists, it belongs to somebody else.
  const { rows: existing } = await transaction.query(
    `select from ${table} as stored, ${row} as given where stored.id = given.id`,
    parameters,
  );
  if (existing.length > 0) throw new WriteRefused('UNAUTHORIZED', 'The row belongs to another user');
  return false;
}

/** Each statement reaches only rows of the user, and returns a row if it wrote one. */
function statement(op: UploadedEntry['op'], table: string, row: string, columns: string[]): string {
  switch (op) {
    case 'PUT': {
      // An upsert: columns that weren't sent keep their value, or get the column's default in a new row.
      const names = [...columns, 'id', 'owner_id'].map(quoted);
      return `insert into ${table} (${names}) select ${names} from ${row}
        on conflict (id) do update set ${names.map((name) => `${name} = excluded.${name}`)}
        where ${table}.owner_id = excluded.owner_id returning 1`;
    }
    case 'PATCH':
      return `update ${table} as stored
        set ${columns.map((column) => `${quoted(column)} = given.${quoted(column)}`)} from ${row} as given
        where stored.id = given.id and stored.owner_id = given.owner_id returning 1`;
    case 'DELETE':
      return `delete from ${table} as stored using ${row} as given
        where stored.id = given.id and stored.owner_id = given.owner_id returning 1`;
  }
}

/** The columns to write, without `id` and `owner_id`. Throws if this user may not write something. */
function writtenColumns(tables: WritableTables, userId: string, entry: UploadedEntry): string[] {
  // A Map and a Set, not objects, so a table or column called `__proto__` or `constructor` isn't in them.
  const known = tables.get(entry.table);
  if (known === undefined) {
    throw new WriteRefused('SCHEMA_MISMATCH', `No table ${JSON.stringify(entry.table)} is open to clients`);
  }
  if (entry.op === 'DELETE' || entry.op_data === undefined) return [];

  const columns: string[] = [];
  for (const [column, value] of Object.entries(entry.op_data)) {
    if (!known.has(column)) {
      throw new WriteRefused(
        'SCHEMA_MISMATCH',
        `Table ${JSON.stringify(entry.table)} has no column ${JSON.stringify(column)}`,
      );
    }
    if (column === 'owner_id') {
      if (value !== userId) throw new WriteRefused('UNAUTHORIZED', 'owner_id must be the signed-in user');
    } else if (column === 'id') {
      if (value !== entry.id)
        throw new WriteRefused('INVALID_DATA', 'op_data.id must be the id of the entry');
    } else {
      columns.push(column);
    }
  }
  return columns;
}
