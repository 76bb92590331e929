// What apps write as `transform` compiles, and what they mistype doesn't. Compiled by `npm run types`, never run.
import { Schema as SchemaOf2 } from '@powersync/common';
import { DrizzleAppSchema } from '@powersync/drizzle-driver';
import type { BackendConnectorOptions, ConnectorDatabase, Transform } from 'powersync-backend-connector';
import {
  addColumns,
  boolean,
  castToSchema,
  coalesce,
  columns,
  eachEntry,
  encryptColumns,
  fillNulls,
  onlyTables,
  perTable,
  renameColumns,
  toCamelCase,
} from 'powersync-backend-connector/transforms';
import { Schema as SchemaOf1 } from 'powersync-common-1';
import { expectTypeOf } from 'vitest';

type Given = BackendConnectorOptions['transform'];

// All of one shape, so they go anywhere.
for (const make of [columns, coalesce, eachEntry, onlyTables, perTable])
  expectTypeOf(make).returns.toEqualTypeOf<Transform>();
expectTypeOf(
  perTable({ todos: [columns({ done: boolean }), () => []], default: coalesce() }),
).toExtend<Given>();
expectTypeOf([coalesce(), renameColumns(toCamelCase)]).toExtend<Given>();
export const own: Given = async (entries, { database }) => {
  expectTypeOf(database).toEqualTypeOf<ConnectorDatabase>();
  const drafts = await database.getAll<{ id: string }>('SELECT id FROM drafts');
  return entries.filter((entry) => !drafts.some(({ id }) => id === entry.id));
};
eachEntry(async (entry, { database }) => ((await database.getAll('SELECT 1')).length > 0 ? entry : null));

// Codecs name the type they expect; values to add may come later; a key may be missing.
columns({ color: (value: string) => value.toLowerCase(), position: (value: number) => value + 1 });
addColumns(async ({ table }) => ({ source: table }));
encryptColumns(['note'], () => undefined);

// Schemas of either SDK line, and of Drizzle.
fillNulls(new SchemaOf1({}));
fillNulls(new SchemaOf2({}));
castToSchema(new DrizzleAppSchema({}));

// @ts-expect-error: a function of one entry
export const ofOneEntry: Given = (entry) => (entry.table === 'drafts' ? null : entry);
// @ts-expect-error: an object
export const ofAnObject: Given = { transaction: () => [] };
// @ts-expect-error: null leaves an entry out, and a list of null nothing
export const ofNulls: Given = (entries) => entries.map((entry) => (entry.table === 'drafts' ? null : entry));
// @ts-expect-error: a function that forgets to return
eachEntry(() => {});
// @ts-expect-error: there is no default for other tables
onlyTables(['todos']);
// @ts-expect-error: an unknown policy
onlyTables(['todos'], { others: 'drop' });
// @ts-expect-error: a misspelt option
coalesce({ table: ['todos'] });
// @ts-expect-error: a name is a text
renameColumns({ list_id: 1 });
// @ts-expect-error: what is no schema
fillNulls({ todos: {} });
// @ts-expect-error: a transform that forgets to return
export const forgetful: Given = () => {};
