import type { Transform } from '../transport/transform.ts';
import { changeColumns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';
import { columnTypes, type SchemaLike } from './schema.ts';
import { castAsSqlite } from './sqlite-cast.ts';

/**
 * Gives each PUT explicit nulls for the columns it doesn't have. PowerSync leaves nulls out of a PUT, so a backend that
 * writes it as an upsert keeps old values where the row was replaced; with nulls it doesn't, but neither do the defaults of
 * its own columns apply.
 *
 * Goes by the client's names, so before `renameTables()` and `renameColumns()`. Tables that aren't in the schema stay.
 *
 * @throws TypeError for what is no schema.
 *
 * @example
 * ```ts
 * import type { Schema } from '@powersync/web';
 * import { fillNulls } from 'powersync-backend-connector/transforms';
 *
 * declare const AppSchema: Schema;
 *
 * export const transform = fillNulls(AppSchema);
 * ```
 */
export function fillNulls(schema: SchemaLike): Transform {
  const tables = columnTypes('fillNulls', schema);
  return eachEntry((entry) => {
    if (entry.op !== 'PUT') return entry;
    const opData: Record<string, unknown> = {};
    for (const column of tables.get(entry.table)?.keys() ?? []) opData[column] = null;
    return { ...entry, opData: { ...opData, ...entry.opData } };
  });
}

/**
 * Gives values the type of their column, as SQLite shows them to the app: an INSERT keeps what it was given, so the queue has
 * the text `'17'` for an integer column, and the app sees 17. In integer and real columns text becomes the number that it
 * begins with (`'1e3'` is 1 and 1000; a text without a number is 0), in integer columns a fraction is cut off; in text
 * columns a number becomes text. In `previousValues` alike. An integer beyond `Number.MAX_SAFE_INTEGER` is sent as text if it
 * was text, and stays a number if the SDK has rounded it already.
 *
 * Goes by the client's names, so before `renameTables()` and `renameColumns()`.
 *
 * @throws TypeError for what is no schema.
 *
 * @example
 * ```ts
 * import type { Schema } from '@powersync/web';
 * import { castToSchema } from 'powersync-backend-connector/transforms';
 *
 * declare const AppSchema: Schema;
 *
 * export const transform = castToSchema(AppSchema);
 * ```
 */
export function castToSchema(schema: SchemaLike): Transform {
  const tables = columnTypes('castToSchema', schema);
  return eachEntry((entry) => {
    const types = tables.get(entry.table);
    if (!types) return entry;
    return changeColumns(entry, (column, value) => [
      column,
      typeof value === 'string' || typeof value === 'number' ? castAsSqlite(value, types.get(column)) : value,
    ]);
  });
}
