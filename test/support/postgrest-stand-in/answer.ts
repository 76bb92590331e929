import type { PGlite, Transaction } from '@electric-sql/pglite';
import { type Column, type Relation, readRelation } from './catalog.ts';
import { type Claims, PostgrestError } from './errors.ts';
import { type Filter, readFilters, readNames } from './filters.ts';
import { callFunction } from './rpc.ts';
import { quoted } from './sql.ts';

export interface Asked {
  method: string;
  /** The path below `/rest/v1/`, decoded. */
  segments: string[];
  url: URL;
  headers: Record<string, string | string[] | undefined>;
  /** The unparsed body. */
  text: string;
  body: unknown;
  schema: string;
  claims: Claims;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** Executes one request in its own transaction, with the caller's role. */
export async function answerTo(database: PGlite, asked: Asked): Promise<Answer> {
  const { segments, claims, schema } = asked;
  const [table = '', name] = segments;
  if (segments.length > 2 || (name !== undefined && table !== 'rpc'))
    throw new PostgrestError(404, 'PGRST125', 'Invalid path specified in request URL');
  return database.transaction(async (transaction) => {
    const relation = name === undefined ? await readRelation(transaction, schema, table) : undefined;
    await transaction.query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify(claims)]);
    if (relation) {
      await transaction.exec(`set local role ${quoted(claims.role ?? 'anon')}`);
      return answerForTable(transaction, asked, relation);
    }
    return callFunction(transaction, asked, name ?? '');
  });
}

async function answerForTable(transaction: Transaction, asked: Asked, relation: Relation): Promise<Answer> {
  const { method, url, headers } = asked;
  const wantsCount = String(headers.prefer).includes('count=exact');
  const filters = readFilters(url.searchParams);
  const range = (count: number, from: string): Record<string, string> => ({
    'content-range': `${from}/${wantsCount ? count : '*'}`,
  });
  switch (method) {
    case 'POST':
      return { status: 201, headers: range(await insert(transaction, asked, relation), '*') };
    case 'PATCH': {
      const count = await update(transaction, asked, relation, filters);
      return { status: 204, headers: range(count, count > 0 ? `0-${count - 1}` : '*') };
    }
    case 'DELETE': {
      const { sql, parameters } = where(filters, 1);
      const count = await affected(transaction, `delete from ${relation.name}${sql}`, parameters);
      return { status: 204, headers: range(count, '*') };
    }
    case 'GET':
    case 'HEAD': {
      const { sql, parameters } = where(filters, 1);
      const { rows } = await transaction.query(`select * from ${relation.name}${sql}`, parameters);
      const from = rows.length > 0 ? `0-${rows.length - 1}` : '*';
      return {
        status: 200,
        headers: range(rows.length, from),
        body: method === 'GET' ? JSON.stringify(rows) : '',
      };
    }
    default:
      throw new PostgrestError(405, 'PGRST117', `Unsupported HTTP method: ${method}`);
  }
}

async function insert(transaction: Transaction, asked: Asked, relation: Relation): Promise<number> {
  const { url, body, text, headers } = asked;
  const rows = Array.isArray(body) ? body : [body];
  const keys = rows.map((row) => Object.keys(row ?? {}).sort());
  const given = url.searchParams.get('columns');
  if (given === null && keys.some((each) => each.join() !== keys[0]?.join()))
    throw new PostgrestError(400, 'PGRST102', 'All object keys must match');
  const columns = pick(relation, given === null ? (keys[0] ?? []) : readNames(given));
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  const assignments = columns.map(({ name }) => `${quoted(name)} = excluded.${quoted(name)}`).join(', ');
  const conflict = String(headers.prefer).includes('resolution=merge-duplicates')
    ? ` on conflict (${relation.primaryKey.map(quoted).join(', ')}) do update set ${assignments}`
    : '';
  return affected(
    transaction,
    `insert into ${relation.name} (${names})
      select ${names} from json_to_recordset($1::json) as given(${typed(columns)})${conflict}`,
    [Array.isArray(body) ? text : `[${text}]`],
  );
}

async function update(
  transaction: Transaction,
  { body, text }: Asked,
  relation: Relation,
  filters: readonly Filter[],
): Promise<number> {
  const columns = pick(relation, Object.keys((body as object | null) ?? {}));
  if (columns.length === 0) return 0;
  const assignments = columns.map(({ name }) => `${quoted(name)} = given.${quoted(name)}`).join(', ');
  const { sql, parameters } = where(filters, 2, `${relation.name}.`);
  return affected(
    transaction,
    `update ${relation.name} set ${assignments} from json_to_record($1::json) as given(${typed(columns)})${sql}`,
    [text, ...parameters],
  );
}

/** The number of rows that a statement wrote, counted as PostgREST does. */
async function affected(transaction: Transaction, statement: string, parameters: unknown[]): Promise<number> {
  const { rows } = await transaction.query<{ count: number }>(
    `with source as (${statement} returning 1) select count(*)::int from source`,
    parameters,
  );
  return rows[0]?.count ?? 0;
}

function where(
  filters: readonly Filter[],
  first: number,
  prefix = '',
): { sql: string; parameters: unknown[] } {
  const conditions = filters.map(
    // The value is compared as the column's type. In PostgREST's statement the literal has an unknown type too.
    ({ column, values }, index) =>
      `${prefix}${quoted(column)} in (${values.map((_, at) => `$${first + offset(filters, index) + at}`)})`,
  );
  return {
    sql: conditions.length > 0 ? ` where ${conditions.join(' and ')}` : '',
    parameters: filters.flatMap(({ values }) => values),
  };
}

function offset(filters: readonly Filter[], index: number): number {
  return filters.slice(0, index).reduce((sum, { values }) => sum + values.length, 0);
}

function pick({ table, columns }: Relation, names: readonly string[]): Column[] {
  return names.map((name) => {
    const column = columns.find((each) => each.name === name);
    if (column) return column;
    const message = `Could not find the '${name}' column of '${table}' in the schema cache`;
    throw new PostgrestError(400, 'PGRST204', message);
  });
}

function typed(columns: readonly Column[]): string {
  return columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ');
}
