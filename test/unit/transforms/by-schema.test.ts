import { column, Schema, Table } from '@powersync/common';
import { column as column1, Schema as Schema1, Table as Table1 } from 'powersync-common-1';
import { describe, expect, it } from 'vitest';
import { castToSchema, fillNulls } from '../../../src/transforms/index.ts';
import { changed, patchAfter } from './support.ts';

const definition = { name: column.text, position: column.integer, price: column.real };
const schemas = [
  ['2.x', new Schema({ todos: new Table(definition, { viewName: 'my_todos' }), lists: new Table({}) })],
  [
    '1.x',
    new Schema1({
      todos: new Table1({ name: column1.text, position: column1.integer, price: column1.real }),
      lists: new Table1({}),
    }),
  ],
] as const;

describe.each(schemas)('with a schema of SDK %s', (_, schema) => {
  it('fillNulls() gives a PUT the columns it does not have', async () => {
    const entry = await changed(fillNulls(schema), { table: 'todos', opData: { position: 1, extra: 2 } });
    expect(entry?.opData).toEqual({ name: null, position: 1, price: null, extra: 2 });
  });

  it('castToSchema() gives values the type of their column, in previous values alike', async () => {
    const transform = castToSchema(schema);
    const entry = await changed(transform, {
      table: 'todos',
      opData: { name: 17, position: '17', price: '1.50' },
      previousValues: { position: '16' },
    });
    expect(entry?.opData).toEqual({ name: '17', position: 17, price: 1.5 });
    expect(entry?.previousValues).toEqual({ position: 16 });
  });
});

const [, schema] = schemas[0];

describe('fillNulls()', () => {
  it('leaves PATCH, DELETE, and tables that are not in the schema', async () => {
    const transform = fillNulls(schema);
    for (const members of [
      { table: 'todos', op: 'PATCH', opData: { name: 'x' } },
      { table: 'todos', op: 'DELETE', opData: undefined },
      { table: 'my_todos', op: 'PUT', opData: { name: 'x' } },
      { table: 'constructor', op: 'PUT', opData: { name: 'x' } },
    ]) {
      expect((await changed(transform, members))?.opData).toEqual(members.opData);
    }
  });
});

describe('castToSchema()', () => {
  it.each([
    ['name', null],
    ['name', 'x'],
    ['name', 2 ** 53], // rounded by the SDK
    ['position', null],
    ['position', 17],
    ['position', '9007199254740993'],
    ['position', 2 ** 53], // rounded by the SDK
    ['price', 1.5],
    ['other', '17'],
  ])('keeps %s: %j', async (name, value) => {
    const entry = await changed(castToSchema(schema), { table: 'todos', opData: { [name]: value } });
    expect(entry?.opData).toEqual({ [name]: value });
  });

  it('leaves tables that are not in the schema', async () => {
    expect(await patchAfter(castToSchema(schema), { position: '1' }, { position: '2' })).toEqual([
      { position: '1' },
      { position: '2' },
    ]);
  });
});

it.each([fillNulls, castToSchema])('%o throws a TypeError for what is no schema', (make) => {
  for (const [value, named] of [
    [null, 'schema'],
    [{}, 'schema.tables'],
    [{ tables: 1 }, 'schema.tables'],
  ]) {
    expect(() => make(value as never)).toThrow(TypeError);
    expect(() => make(value as never)).toThrow(`option "${named}"`);
  }
});
