// What apps write as `transform` compiles, and what they mistype doesn't. Compiled by `npm run types`, never run.
import { Schema as SchemaOf2 } from '@powersync/common';
import { DrizzleAppSchema } from '@powersync/drizzle-driver';
import type {
  BackendConnectorOptions,
  EntryTransform,
  TransactionTransform,
} from 'powersync-backend-connector';
import {
  addColumns,
  boolean,
  castToSchema,
  coalesce,
  columns,
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

expectTypeOf(coalesce).returns.toEqualTypeOf<TransactionTransform>();
expectTypeOf(perTable).returns.toEqualTypeOf<EntryTransform>();
expectTypeOf(perTable({ todos: [columns({ done: boolean }), () => null] })).toExtend<Given>();
expectTypeOf([coalesce(), renameColumns(toCamelCase)]).toExtend<Given>();

// Codecs name the type they expect; values to add may come later; a key may be missing.
columns({ color: (value: string) => value.toLowerCase(), position: (value: number) => value + 1 });
addColumns(async ({ table }) => ({ source: table }));
encryptColumns(['note'], () => undefined);

// Schemas of either SDK line, and of Drizzle.
fillNulls(new SchemaOf1({}));
fillNulls(new SchemaOf2({}));
castToSchema(new DrizzleAppSchema({}));

// @ts-expect-error: what needs the whole transaction knows no table
perTable({ todos: coalesce() });
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
