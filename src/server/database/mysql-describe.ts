import type { Query } from './client.ts';
import type { Column, ColumnKind, TableInDatabase, TableName } from './database.ts';
import { isDenied } from './mysql-errors.ts';

/** A column, with what MySQL needs to know of it. */
export interface MySqlColumn extends Column {
  /** The character set and collation of text. */
  readonly charset: string | undefined;
  readonly collation: string | undefined;
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  mediumint: 'integer',
  int: 'integer',
  bigint: 'integer',
  year: 'integer',
  float: 'number',
  double: 'number',
  decimal: 'number',
  json: 'json',
  date: 'date',
  time: 'time',
  timestamp: 'instant',
  datetime: 'local-time',
  uuid: 'uuid', // MariaDB
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
};

/** Describes a table from the database's own catalog, or says what the handler is missing. */
export async function describe(
  query: Query,
  { schema, name, id: idName }: TableName,
  privileges: boolean,
): Promise<TableInDatabase | string> {
  const sql = [schema, name]
    .filter((part) => part !== undefined)
    .map(quoted)
    .join('.');
  const here = 'table_schema = coalesce(?, database()) and table_name = ?';
  const { rows } = await query(
    `select column_name as name, data_type as type, column_type as full_type, character_set_name as charset,
            collation_name as collation, extra, privileges
     from information_schema.columns where ${here} order by ordinal_position`,
    [schema ?? null, name],
  );
  if (rows.length === 0) return `There is no table ${sql}`;
  const engine = await withoutTransactions(query, here, [schema ?? null, name]);
  if (engine !== undefined) return `${sql} has the engine ${engine}, which has no transactions`;
  const isGranted = (privilege: string) =>
    rows.some((row) => String(row.privileges).split(',').includes(privilege));
  if (privileges && !(['select', 'insert', 'update'].every(isGranted) && (await mayDelete(query, sql)))) {
    return `The account may not select, insert, update and delete in ${sql}`;
  }

  const json = await jsonColumnsOfMariaDb(query, here, [schema ?? null, name]);
  const columns = new Map<string, MySqlColumn>();
  for (const row of rows) {
    const column = columnOf(row);
    columns.set(column.name, json.has(column.name) ? { ...column, kind: 'json' } : column);
  }
  const id = columns.get(idName);
  if (!id) return `${sql} has no column ${quoted(idName)}`;
  if (id.isGenerated) {
    return `${sql}: ${quoted(idName)} is generated, so no id can be written`;
  }
  const { rows: unique } = await query(
    `select index_name from information_schema.statistics where ${here} and non_unique = 0
     group by index_name
     having count(*) = 1 and max(column_name) = ? and max(sub_part) is null`,
    [schema ?? null, name, idName],
  );
  if (unique.length === 0) return `${sql} has no primary key or unique index on ${quoted(idName)}`;
  if (!['text', 'uuid', 'integer'].includes(id.kind)) {
    return `${sql}: ids of the type ${id.type} may not stay as the client sent them. Use varchar or char(36)`;
  }
  return { sql, columns, id };
}

function columnOf(row: Record<string, unknown>): MySqlColumn {
  const dataType = String(row.type).toLowerCase();
  const fullType = String(row.full_type).toLowerCase();
  const type = fullType.includes(' unsigned') ? `${dataType} unsigned` : dataType;
  const isBoolean = /^(tinyint|bit)\(1\)/.test(fullType);
  return {
    name: String(row.name),
    type,
    kind: isBoolean ? 'boolean' : (KINDS[dataType] ?? 'other'),
    isGenerated: isGenerated(row),
    charset: row.charset === null ? undefined : String(row.charset),
    collation: row.collation === null ? undefined : String(row.collation),
  };
}

/** `DEFAULT_GENERATED` is something else: a default that is an expression. */
function isGenerated({ extra }: Record<string, unknown>): boolean {
  return /\b(virtual|stored|persistent) generated/i.test(String(extra));
}

/** The engine of a table, if it can't undo what was written. A view has none. */
async function withoutTransactions(
  query: Query,
  here: string,
  table: (string | null)[],
): Promise<string | undefined> {
  const { rows } = await query(
    `select t.engine as engine from information_schema.tables t
     join information_schema.engines e on e.engine = t.engine
     where ${here} and coalesce(e.transactions, 'NO') <> 'YES'`,
    table,
  );
  return rows[0] && String(rows[0].engine);
}

/** The columns show the other privileges, however they were granted, but not this one. */
async function mayDelete(query: Query, sql: string): Promise<boolean> {
  try {
    await query(`delete from ${sql} where 1 = 0`);
    return true;
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}

/** MariaDB's `json` is `longtext` with a check that it made. */
async function jsonColumnsOfMariaDb(
  query: Query,
  here: string,
  table: (string | null)[],
): Promise<Set<string>> {
  const { rows: version } = await query('select version() as version');
  if (!/mariadb/i.test(String(version[0]?.version))) return new Set();
  const { rows } = await query(
    `select check_clause as clause from information_schema.check_constraints
     where ${here.replace('table_schema', 'constraint_schema')}`,
    table,
  );
  return new Set(
    rows.flatMap(
      ({ clause }) => /^json_valid\(`(.+)`\)$/i.exec(String(clause))?.[1]?.replaceAll('``', '`') ?? [],
    ),
  );
}

/** A name of the options or of the catalog, with quotes for SQL. */
export function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
