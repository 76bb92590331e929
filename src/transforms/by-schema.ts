import type { EntryTransform } from '../options.ts';
import { changeColumns } from './change-columns.ts';
import { parseNumber } from './codecs.ts';
import { isRounded } from './rounded.ts';
import { columnTypes, type SchemaLike } from './schema.ts';

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
export function fillNulls(schema: SchemaLike): EntryTransform {
  const tables = columnTypes('fillNulls', schema);
  return (entry) => {
    if (entry.op !== 'PUT') return entry;
    const opData: Record<string, unknown> = {};
    for (const column of tables.get(entry.table)?.keys() ?? []) opData[column] = null;
    return { ...entry, opData: { ...opData, ...entry.opData } };
  };
}

/**
 * Gives values the type of their column: an INSERT keeps the type it was given (`'17'` in an integer column), where an
 * UPDATE casts it, so the backend gets either. Text becomes a number in integer and real columns, a number text in text
 * columns, in `previousValues` alike. What doesn't fit the type, and integers that would be rounded, stay as they are.
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
export function castToSchema(schema: SchemaLike): EntryTransform {
  const tables = columnTypes('castToSchema', schema);
  return (entry) => {
    const types = tables.get(entry.table);
    if (!types) return entry;
    return changeColumns(entry, (column, value) => [column, cast(value, types.get(column))]);
  };
}

function cast(value: unknown, type: string | undefined): unknown {
  if (type === 'TEXT') return typeof value === 'number' && !isRounded(value) ? String(value) : value;
  const parsed = type && parseNumber(value);
  return type === 'INTEGER' && !Number.isInteger(parsed) ? value : (parsed ?? value);
}
