import { optionChecks } from '../check-options.ts';

/** The part of a PowerSync `Schema` that is read. That of SDK 1.x and 2.x fits, and `DrizzleAppSchema` too. */
export interface SchemaLike {
  readonly tables: readonly {
    readonly name: string;
    readonly columns: readonly { readonly name: string; readonly type?: string | undefined }[];
  }[];
}

/** Column types by column, by table. Maps, which know no inherited names. */
export type ColumnTypes = ReadonlyMap<string, ReadonlyMap<string, string | undefined>>;

export function columnTypes(who: string, schema: SchemaLike): ColumnTypes {
  const { object, wrong } = optionChecks(who);
  const { tables } = object('schema', schema);
  if (!Array.isArray(tables)) wrong('schema.tables', 'a list', tables);
  return new Map(
    schema.tables.map((table) => [table.name, new Map(table.columns.map(({ name, type }) => [name, type]))]),
  );
}
