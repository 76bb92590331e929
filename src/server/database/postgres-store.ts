import type { Query } from './client.ts';
import { toText } from './client-values.ts';
import type { Column, ColumnKind, Key, Row, Store, StoredResult, TableInDatabase } from './database.ts';
import { describe, quoted } from './postgres-describe.ts';

/** The handler's statements for Postgres, in an open transaction at READ COMMITTED. */
export function createPostgresStore(query: Query): Store {
  const rowsOf = async (sql: string, parameters: readonly (string | number | null)[]) =>
    (await query(sql, parameters)).rows;

  return {
    describe: (table, { privileges }) => describe(query, table, privileges),

    async missingTables(needed) {
      const rows = await rowsOf(
        'select name from unnest($1::text::text[]) as name where pg_catalog.to_regclass(name) is null',
        [arrayLiteral(needed)],
      );
      return rows.map(({ name }) => String(name));
    },

    async claim({ user, key }, { contentHash, result }) {
      for (;;) {
        const { count } = await query(
          `insert into powersync_write_results (user_id, key, content_hash, result)
           values ($1::text, $2::text, $3::text, $4::text::jsonb) on conflict do nothing`,
          [user, key, contentHash, JSON.stringify(result)],
        );
        if (count === 1) return undefined;
        const [stored] = await rowsOf(
          'select content_hash, result::text as result from powersync_write_results where user_id = $1::text and key = $2::text',
          [user, key],
        );
        // Without a row, the key was forgotten in between.
        if (stored) return readStored(stored);
      }
    },

    async forgetRefusal({ user, key }: Key) {
      await query(
        `delete from powersync_write_results
         where user_id = $1::text and key = $2::text and result ->> 'status' <> 'success'`,
        [user, key],
      );
    },

    async recordRefusal({ user, key, code, message, details, transaction }) {
      await query(
        `insert into powersync_write_refusals (user_id, key, code, message, details, transaction)
         values ($1::text, $2::text, $3::text, $4::text, $5::text::jsonb, $6::text::jsonb)`,
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
      const [kept] = await rowsOf(
        `insert into powersync_checkpoint_requests as kept (user_id, client_id, checkpoint)
         values ($1::text, $2::text, $3::text::bigint)
         on conflict (user_id, client_id) do update
         set checkpoint = greatest(kept.checkpoint, excluded.checkpoint), requested_at = now()
         returning checkpoint::text`,
        [user, client, String(checkpoint)],
      );
      return BigInt(String(kept?.checkpoint));
    },

    async prune(table, days, limit) {
      const [name, at] =
        table === 'results'
          ? ['powersync_write_results', 'stored_at']
          : ['powersync_write_refusals', 'refused_at'];
      const { count } = await query(
        `delete from ${name} where ctid = any(array(
           select ctid from ${name} where ${at} < now() - pg_catalog.make_interval(days => $1::text::int) limit $2::text::int))`,
        [String(days), String(limit)],
      );
      return count;
    },

    async setSession(settings) {
      // The role comes last: it may not be allowed to set the others.
      const entries = Object.entries(settings).sort(
        ([a], [b]) => Number(a === 'role') - Number(b === 'role'),
      );
      if (entries.length === 0) return;
      const calls = entries.map(
        (_, i) => `pg_catalog.set_config($${2 * i + 1}::text, $${2 * i + 2}::text, true)`,
      );
      await query(`select ${calls}`, entries.flat());
    },

    async lock(table, ids, strength) {
      const id = quoted(table.id.name);
      const rows = await rowsOf(
        `select ${readAll(table)} from ${table.sql} as stored
         where stored.${id} = any($1::text::${table.id.type}[]) order by stored.${id} for ${strength} of stored`,
        [arrayLiteral(ids)],
      );
      return new Map(rows.map((row) => [String(row[table.id.name]), readRow(table, row)]));
    },

    async exists(table, id) {
      const rows = await rowsOf(`select 1 from ${table.sql} where ${whereId(table, 1)}`, [id]);
      return rows.length > 0;
    },

    async insert(table, id, values) {
      const { names, expressions, parameters } = written(table, { ...values, [table.id.name]: id }, 1);
      const { count } = await query(
        `insert into ${table.sql} (${names}) values (${expressions}) on conflict (${quoted(table.id.name)}) do nothing`,
        parameters,
      );
      return count > 0;
    },

    async update(table, id, values) {
      const { names, expressions, parameters } = written(table, values, 2);
      if (names.length === 0) return 1;
      const { count } = await query(
        `update ${table.sql} set ${names.map((name, i) => `${name} = ${expressions[i]}`)} where ${whereId(table, 1)}`,
        [id, ...parameters],
      );
      return count;
    },

    async delete(table, id) {
      return (await query(`delete from ${table.sql} where ${whereId(table, 1)}`, [id])).count;
    },

    async checkDeferred() {
      await query('set constraints all immediate');
    },
  };
}

/** Names, SQL expressions and parameters of the columns to write. */
function written(table: TableInDatabase, values: Row, firstParameter: number) {
  const names: string[] = [];
  const expressions: string[] = [];
  const parameters: (string | null)[] = [];
  for (const [name, value] of Object.entries(values)) {
    const column = table.columns.get(name);
    if (!column) throw new TypeError(`The table ${table.sql} has no column ${JSON.stringify(name)}`);
    names.push(quoted(name));
    expressions.push(asType(column, firstParameter + parameters.length));
    parameters.push(column.kind === 'array' ? asArray(toText(column, value)) : toText(column, value));
  }
  return { names, expressions, parameters };
}

/**
 * A parameter as a value of the column. Drivers send text as it is, but each has its own idea of a boolean or of JSON:
 * so every parameter is text, and Postgres reads it with the type's own input function.
 */
function asType({ type, kind }: Column, parameter: number): string {
  const text = `$${parameter}::text`;
  // Postgres would drop the zone of the text. In UTC, text without a zone stays as it is.
  if (kind === 'local-time') return `(${text}::timestamptz at time zone 'UTC')`;
  return `${text}::${type}`;
}

function whereId({ id }: TableInDatabase, parameter: number): string {
  return `${quoted(id.name)} = $${parameter}::text::${id.type}`;
}

/** Columns as drivers give them in the same way: what isn't a boolean, a small number or text is read as text. */
function readAll({ columns }: TableInDatabase): string {
  return [...columns.values()]
    .map(({ name, kind, type }) => {
      const column = `stored.${quoted(name)}`;
      if (kind === 'array') return `pg_catalog.array_to_json(${column})::text as ${quoted(name)}`;
      const asItIs = kind === 'boolean' || (kind === 'integer' && type !== 'bigint');
      return asItIs ? `${column} as ${quoted(name)}` : `${column}::text as ${quoted(name)}`;
    })
    .join(', ');
}

function readRow({ columns }: TableInDatabase, row: Record<string, unknown>): Row {
  const read: Record<string, unknown> = {};
  for (const { name, kind, type } of columns.values()) {
    read[name] = readValue(kind, type, row[name]);
  }
  return read;
}

function readValue(kind: ColumnKind, type: string, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (kind === 'json' || kind === 'array') return JSON.parse(value);
  if (kind === 'number' && type !== 'numeric') return Number(value);
  if (kind === 'integer' && Number.isSafeInteger(Number(value))) return Number(value);
  return value;
}

function readStored({ content_hash, result }: Record<string, unknown>): StoredResult {
  return { contentHash: String(content_hash), result: JSON.parse(String(result)) };
}

/** `{"a","b",NULL}`: an array as Postgres reads it from text. */
function arrayLiteral(values: readonly unknown[]): string {
  const members = values.map((value) => {
    if (value === null) return 'NULL';
    if (Array.isArray(value)) return arrayLiteral(value);
    const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  });
  return `{${members}}`;
}

function asArray(json: string | null): string | null {
  return json === null ? null : arrayLiteral(JSON.parse(json));
}
