import { WriteRefused } from '../write-refused.ts';
import type { Query } from './client.ts';
import { toText } from './client-values.ts';
import type { Column, ColumnKind, Key, Row, Store, StoredResult, TableInDatabase } from './database.ts';
import { describe, type MySqlColumn, quoted } from './mysql-describe.ts';
import { isDuplicate } from './mysql-errors.ts';

/**
 * The handler's statements for MySQL and MariaDB, in an open transaction at READ COMMITTED. A statement that fails may
 * have rolled everything back, and the next one would be outside of a transaction: so only a duplicate is caught.
 */
export function createMySqlStore(query: Query): Store {
  const rowsOf = async (sql: string, parameters: readonly (string | null)[]) =>
    (await query(sql, parameters)).rows;

  /** Whether there is this row: one whose id the database takes for the same is another one. */
  const exists = async ({ sql, id }: TableInDatabase, value: string): Promise<boolean> => {
    const column = quoted(id.name);
    const rows = await rowsOf(
      `select ${read(id, column)} as id from ${sql} where ${column} = ${idParameter(id)}`,
      [value],
    );
    return rows.some((row) => String(row.id) === value);
  };

  return {
    describe: (table, { privileges }) => describe(query, table, privileges),

    async missingTables(needed) {
      const rows = await rowsOf(
        'select table_name as name from information_schema.tables where table_schema = database()',
        [],
      );
      const names = new Set(rows.map(({ name }) => String(name)));
      return needed.filter((name) => !names.has(name));
    },

    async claim({ user, key }, { contentHash, result }) {
      for (;;) {
        try {
          await query(
            'insert into powersync_write_results (user_id, `key`, content_hash, result) values (?, ?, ?, ?)',
            [user, key, contentHash, JSON.stringify(result)],
          );
          return undefined;
        } catch (error) {
          if (!isDuplicate(error)) throw error;
        }
        const [stored] = await rowsOf(
          'select content_hash, cast(result as char) as result from powersync_write_results where user_id = ? and `key` = ?',
          [user, key],
        );
        // Without a row, the key was forgotten in between.
        if (stored) return readStored(stored);
      }
    },

    async forgetRefusal({ user, key }: Key) {
      await query(
        `delete from powersync_write_results
         where user_id = ? and \`key\` = ? and json_unquote(json_extract(result, '$.status')) <> 'success'`,
        [user, key],
      );
    },

    async recordRefusal({ user, key, code, message, details, transaction }) {
      await query(
        `insert into powersync_write_refusals (user_id, \`key\`, code, message, details, transaction)
         values (?, ?, ?, ?, ?, ?)`,
        [
          user,
          key ?? null,
          code,
          message,
          details === undefined ? null : JSON.stringify(details),
          JSON.stringify(transaction),
        ],
      );
    },

    async keepGreatestCheckpoint(user, client, checkpoint) {
      // The table has no other unique key, by which this would write into somebody else's row.
      await query(
        `insert into powersync_checkpoint_requests (user_id, client_id, checkpoint) values (?, ?, cast(? as signed))
         on duplicate key update
           checkpoint = greatest(checkpoint, values(checkpoint)), requested_at = current_timestamp(6)`,
        [user, client, String(checkpoint)],
      );
      const [kept] = await rowsOf(
        'select cast(checkpoint as char) as kept from powersync_checkpoint_requests where user_id = ? and client_id = ?',
        [user, client],
      );
      return BigInt(String(kept?.kept));
    },

    async prune(table, days, limit) {
      const [name, at] =
        table === 'results'
          ? ['powersync_write_results', 'stored_at']
          : ['powersync_write_refusals', 'refused_at'];
      const { count } = await query(
        `delete from ${name} where ${at} < current_timestamp(6) - interval cast(? as signed) day order by ${at}
         limit ${Math.trunc(limit)}`,
        [String(days)],
      );
      return count;
    },

    async setSession(settings) {
      if (Object.keys(settings).length > 0) {
        throw new TypeError('session: MySQL and MariaDB have no row level security');
      }
    },

    async lock(table, ids, strength) {
      const id = `found.${quoted(table.id.name)}`;
      const parameters = upToPowerOfTwo(ids);
      const rows = await rowsOf(
        `select ${readAll(table)} from ${table.sql} as found
         where ${id} in (${parameters.map(() => idParameter(table.id))}) order by ${id}
         ${strength === 'update' ? 'for update' : 'lock in share mode'}`,
        parameters,
      );
      const wanted = new Set(ids);
      const found = rows.map((row): [string, Row] => [String(row[table.id.name]), readRow(table, row)]);
      return new Map(found.filter(([each]) => wanted.has(each)));
    },

    exists,

    async insert(table, id, values) {
      const { names, expressions, parameters } = written(table, { ...values, [table.id.name]: id });
      try {
        await query(`insert into ${table.sql} (${names}) values (${expressions})`, parameters);
      } catch (error) {
        // By another unique column, or by an id that the database only takes for the same, it is another row.
        if (isDuplicate(error) && (await exists(table, id))) return false;
        throw error;
      }
      // Spaces at the end are cut without an error.
      if (id.endsWith(' ') && !(await exists(table, id))) {
        throw new WriteRefused('INVALID_DATA', 'The database would store this id without its last space');
      }
      return true;
    },

    async update(table, id, values) {
      const { names, expressions, parameters } = written(table, values);
      if (names.length === 0) return 1;
      const { count } = await query(
        `update ${table.sql} set ${names.map((name, i) => `${name} = ${expressions[i]}`)} where ${whereId(table)}`,
        [...parameters, id],
      );
      // A pool may be set so that a row that has the values already isn't counted.
      return count > 0 ? count : Number(await exists(table, id));
    },

    async delete(table, id) {
      return (await query(`delete from ${table.sql} where ${whereId(table)}`, [id])).count;
    },

    // Nothing is deferred.
    async checkDeferred() {},
  };
}

/** Names, SQL expressions and parameters of the columns to write. */
function written(table: TableInDatabase, values: Row) {
  const names: string[] = [];
  const expressions: string[] = [];
  const parameters: (string | null)[] = [];
  for (const [name, value] of Object.entries(values)) {
    const column = table.columns.get(name);
    if (!column) throw new TypeError(`The table ${table.sql} has no column ${JSON.stringify(name)}`);
    names.push(quoted(name));
    // As text, `1` would be the bits of its character.
    expressions.push(column.type === 'bit' ? 'cast(? as unsigned)' : '?');
    parameters.push(toMySqlText(column, value));
  }
  return { names, expressions, parameters };
}

function toMySqlText(column: Column, value: unknown): string | null {
  const text = toText(column, value);
  if (text === null) return null;
  switch (column.kind) {
    case 'boolean':
      return text === 'true' ? '1' : '0';
    case 'instant':
    case 'local-time':
      return inUtc(column, text);
    default:
      return text;
  }
}

/** MySQL's form of a date and time in ISO form. A zone is an error for MariaDB, and one more conversion for MySQL. */
function inUtc(column: Column, text: string): string {
  const unfit = new WriteRefused('INVALID_DATA', `${JSON.stringify(text)} is no date and time`, {
    column: column.name,
  });
  const parts = /^(.{10})(?:[T ](\d{2}:\d{2})(:\d{2})?(\.\d+)?)?\s?(?:Z|([-+])(\d{2}):?(\d{2})?)?$/i.exec(
    text,
  );
  if (!parts) throw unfit;
  const [, date = '', time = '00:00', seconds = ':00', fraction = '', sign, hours, minutes = '0'] = parts;
  const local = new Date(`${date}T${time}${seconds}Z`);
  // JavaScript takes 30 February for 2 March.
  if (Number.isNaN(local.getTime()) || local.toISOString().slice(0, 10) !== date) throw unfit;
  const offset = sign === undefined ? 0 : Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes));
  const utc = new Date(local.getTime() - offset * 60_000).toISOString();
  // Years above 9999 and below 0 are longer.
  if (utc.length !== 24) throw unfit;
  return `${utc.slice(0, 10)} ${utc.slice(11, 19)}${fraction.slice(0, 7)}`;
}

function whereId({ id }: TableInDatabase): string {
  return `${quoted(id.name)} = ${idParameter(id)}`;
}

/**
 * An id as a value of its column. Whole numbers would be compared with text as numbers with a point, which are the same
 * for neighbours beyond 2^53. Text is compared in the column's character set, or its index isn't used.
 */
function idParameter(id: Column): string {
  if (id.kind === 'integer') return `cast(? as ${id.type.endsWith(' unsigned') ? 'unsigned' : 'signed'})`;
  const { charset, collation } = id as MySqlColumn;
  return charset && collation ? `convert(? using ${charset}) collate ${collation}` : '?';
}

/** Repeats the last id, so that there are few different statements: a connection keeps each. */
function upToPowerOfTwo(ids: readonly string[]): string[] {
  const length = 2 ** Math.ceil(Math.log2(ids.length));
  return Array.from({ length }, (_, i) => ids[Math.min(i, ids.length - 1)] as string);
}

function readAll({ columns }: TableInDatabase): string {
  return [...columns.values()]
    .map((column) => `${read(column, `found.${quoted(column.name)}`)} as ${quoted(column.name)}`)
    .join(', ');
}

/** What isn't a small number or text is read as text, so that the settings of the pool don't matter. */
function read({ kind, type }: Column, column: string): string {
  if (BINARY.has(type)) return `lower(hex(${column}))`;
  if (kind === 'boolean') return `${column} + 0`;
  return kind === 'text' || (kind === 'integer' && !type.startsWith('bigint'))
    ? column
    : `cast(${column} as char)`;
}

const BINARY = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob']);

function readRow({ columns }: TableInDatabase, row: Record<string, unknown>): Row {
  const values: Record<string, unknown> = {};
  for (const { name, kind, type } of columns.values()) values[name] = readValue(kind, type, row[name]);
  return values;
}

function readValue(kind: ColumnKind, type: string, value: unknown): unknown {
  if (value === null) return null;
  if (kind === 'boolean') return Number(value) !== 0;
  if (typeof value !== 'string') return value;
  switch (kind) {
    case 'json':
      return JSON.parse(value);
    case 'number':
      return type.startsWith('decimal') ? value : Number(value);
    case 'integer':
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
    case 'instant':
      return `${withoutZeros(value)}+00`;
    case 'local-time':
    case 'time':
      return withoutZeros(value);
    default:
      return value;
  }
}

/** `12:00:00.120000` is `12:00:00.12`. */
function withoutZeros(time: string): string {
  return time.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');
}

function readStored({ content_hash, result }: Record<string, unknown>): StoredResult {
  return { contentHash: String(content_hash), result: JSON.parse(String(result)) };
}
