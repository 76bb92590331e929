import type { Transform } from '../transport/transform.ts';
import { changeColumns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';
import { columnTypes, type SchemaLike } from './schema.ts';
import { castAsSqlite } from './sqlite-cast.ts';

/**
 * Transform: adds a null to each PUT for every column of the table that it doesn't have. PowerSync leaves nulls out of
 * a PUT. So if the backend writes a PUT as an upsert, columns that the app has set to null would keep their old values
 * there. If a column has a default on the server, the null replaces that default.
 *
 * Put it before `renameTables()` and `renameColumns()`, because it needs the names of the schema. Entries of other
 * tables stay as they are.
 *
 * @param schema The app's PowerSync schema.
 * @throws TypeError if `schema` is not a schema.
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
 * Transform: converts each value to the type of its column, as the app reads it. The queue keeps values as they were
 * inserted: if the app inserts the text `'17'` into an integer column, the queue has `'17'`, although the app reads 17.
 *
 * - Integer and real columns: text becomes the number that it begins with. `'1e3'` becomes 1 in an integer column and
 *   1000 in a real one; text without a number becomes 0.
 * - Integer columns: a fraction is cut off.
 * - Text columns: a number becomes text.
 * - An integer beyond `Number.MAX_SAFE_INTEGER` is sent as text if it was text. If the SDK has already rounded it, it
 *   stays a number.
 *
 * `previousValues` are changed in the same way. Put it before `renameTables()` and `renameColumns()`, because it needs
 * the names of the schema.
 *
 * @param schema The app's PowerSync schema.
 * @throws TypeError if `schema` is not a schema.
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
