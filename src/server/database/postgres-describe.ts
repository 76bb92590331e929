import type { Query } from './client.ts';
import type { Column, ColumnKind, TableInDatabase, TableName } from './database.ts';

const KINDS: Readonly<Record<string, ColumnKind>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  float4: 'number',
  float8: 'number',
  numeric: 'number',
  json: 'json',
  jsonb: 'json',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamptz: 'instant',
  timestamp: 'local-time',
  uuid: 'uuid',
  text: 'text',
  varchar: 'text',
};

/** Describes a table from the database's own catalog, or says what the handler is missing. */
export async function describe(
  query: Query,
  table: TableName,
  privileges: boolean,
): Promise<TableInDatabase | string> {
  const sql = [table.schema, table.name]
    .filter((part) => part !== undefined)
    .map(quoted)
    .join('.');
  const { rows } = await query(
    `select a.attname as name,
            pg_catalog.format_type(a.atttypid, -1) as type,
            base.typname as base,
            base.typcategory = 'A' as is_array,
            a.attgenerated <> '' or a.attidentity = 'a' as is_generated,
            exists (select from pg_catalog.pg_index i where i.indrelid = a.attrelid and i.indisunique and i.indnkeyatts = 1
              and i.indkey[0] = a.attnum and i.indpred is null) as is_unique,
            pg_catalog.has_table_privilege(a.attrelid, 'select') and pg_catalog.has_table_privilege(a.attrelid, 'delete')
              and pg_catalog.has_any_column_privilege(a.attrelid, 'insert')
              and pg_catalog.has_any_column_privilege(a.attrelid, 'update') as is_granted
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_type t on t.oid = a.atttypid
     join pg_catalog.pg_type base on base.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
     where a.attrelid = pg_catalog.to_regclass($1::text) and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [sql],
  );
  if (rows.length === 0) return `There is no table ${sql}`;
  if (privileges && rows[0]?.is_granted !== true) {
    return `The role may not select, insert, update and delete in ${sql}`;
  }
  const columns = new Map<string, Column>();
  for (const row of rows) {
    const name = String(row.name);
    const kind = row.is_array === true ? 'array' : (KINDS[String(row.base)] ?? 'other');
    columns.set(name, { name, type: String(row.type), kind, isGenerated: row.is_generated === true });
  }
  const id = columns.get(table.id);
  if (!id) return `${sql} has no column ${quoted(table.id)}`;
  if (rows.find(({ name }) => name === table.id)?.is_unique !== true) {
    return `${sql} has no primary key or unique index on ${quoted(table.id)}`;
  }
  if (!['text', 'uuid', 'integer'].includes(id.kind)) {
    return `${sql}: ids of the type ${id.type} may not stay as the client sent them. Use text or uuid`;
  }
  return { sql, columns, id };
}

/** A name of the options or of the catalog, with quotes for SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
