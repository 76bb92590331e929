import { optionChecks } from '../check-options.ts';

/** The part of a PowerSync `Schema` that is read. Schemas of SDK 1.x and 2.x fit, and so does `DrizzleAppSchema`. */
export interface SchemaLike {
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly { readonly name: string; readonly type?: string | undefined }[];
  }[];
}

/** Column types, by table and column. Maps, because objects have inherited names. */
export type ColumnTypes = ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;

export function columnTypes(who: string, schema: SchemaLike): ColumnTypes {
  const { object, wrong } = optionChecks(who);
  const { tables } = object('schema', schema);
  if (!Array.isArray(tables)) wrong('schema.tables', 'a list', tables);
  return new Map(
    schema.tables.map((table) => [table.name, new Map(table.columns.map(({ name, type }) => [name, type]))]),
  );
}
