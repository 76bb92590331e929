import type { Transaction } from '@electric-sql/pglite';
import { PostgrestError } from './errors.ts';
import { quoted } from './sql.ts';

export interface Column {
  name: string;
  /** The name of the type in SQL. */
  type: string;
}

export interface Relation {
  table: string;
  /** Schema and table, quoted. */
  name: string;
  columns: Column[];
  primaryKey: string[];
}

/** Looks up a table or view. PostgREST looks into its schema cache instead. */
export async function readRelation(
  transaction: Transaction,
  schema: string,
  table: string,
): Promise<Relation> {
  const { rows } = await transaction.query<Column & { is_key: boolean }>(
    `select attname as name, format_type(atttypid, atttypmod) as type,
        coalesce(attnum = any (indkey), false) as is_key
      from pg_class
      join pg_namespace on pg_namespace.oid = relnamespace and nspname = $1
      join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
      left join pg_index on indrelid = pg_class.oid and indisprimary
      where relname = $2 and relkind in ('r', 'v', 'p') order by attnum`,
    [schema, table],
  );
  if (rows.length === 0) {
    const message = `Could not find the table '${schema}.${table}' in the schema cache`;
    throw new PostgrestError(404, 'PGRST205', message);
  }
  return {
    table,
    name: `${quoted(schema)}.${quoted(table)}`,
    columns: rows.map(({ name, type }) => ({ name, type })),
    primaryKey: rows.filter(({ is_key }) => is_key).map(({ name }) => name),
  };
}

/** The arguments of the function that has exactly these names. */
export async function readArguments(
  transaction: Transaction,
  schema: string,
  name: string,
  names: readonly string[],
): Promise<{ arguments: Column[]; returns: string }> {
  const { rows } = await transaction.query<{ names: string[] | null; types: string[]; returns: string }>(
    `select proargnames as names, prorettype::regtype::text as returns,
        array(select format_type(type, null) from unnest(proargtypes) with ordinality as types (type, place)
          order by place) as types
      from pg_proc join pg_namespace on pg_namespace.oid = pronamespace and nspname = $1 where proname = $2`,
    [schema, name],
  );
  const found = rows.find((row) => [...(row.names ?? [])].sort().join() === [...names].sort().join());
  if (!found) {
    const message = `Could not find the function ${schema}.${name}(${names.join(', ')}) in the schema cache`;
    throw new PostgrestError(404, 'PGRST202', message);
  }
  return {
    arguments: (found.names ?? []).map((each, index) => ({ name: each, type: found.types[index] ?? 'text' })),
    returns: found.returns,
  };
}
