import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addColumns,
  dropColumns,
  dropEmptyPatches,
  renameColumns,
  toCamelCase,
  toSnakeCase,
} from '../../../src/transforms/index.ts';
import { changed, columnsAfter, patchAfter } from './support.ts';

describe('toCamelCase()', () => {
  it.each([
    ['list_id', 'listId'],
    ['a_b_c', 'aBC'],
    ['name', 'name'],
    ['_metadata', '_metadata'],
    ['__a_b', '__aB'],
    ['line_2', 'line2'],
    ['listId', 'listId'],
    ['a__b', 'aB'],
    ['', ''],
  ])('makes %j to %j', (name, expected) => {
    expect(toCamelCase(name)).toBe(expected);
  });
});

describe('toSnakeCase()', () => {
  it.each([
    ['listId', 'list_id'],
    ['userID', 'user_id'],
    ['HTMLBody', 'html_body'],
    ['isABot', 'is_a_bot'],
    ['line2Text', 'line2_text'],
    ['OrderLine', 'order_line'],
    ['_metadata', '_metadata'],
    ['list_id', 'list_id'],
    ['', ''],
  ])('makes %j to %j', (name, expected) => {
    expect(toSnakeCase(name)).toBe(expected);
  });
});

describe('the two of them', () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]+$/);
  const words = fc.array(word, { minLength: 1, maxLength: 5 });
  const capitalised = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);

  it('lead back to usual names in snake case', () => {
    fc.assert(
      fc.property(words, fc.constantFrom('', '_'), (parts, start) => {
        const name = start + parts.join('_');
        expect(toSnakeCase(toCamelCase(name))).toBe(name);
      }),
    );
  });

  it('lead back to usual names in camel case', () => {
    fc.assert(
      fc.property(words, ([first = '', ...others]) => {
        const name = first + others.map(capitalised).join('');
        expect(toCamelCase(toSnakeCase(name))).toBe(name);
      }),
    );
  });
});

describe('renameColumns()', () => {
  it('takes a function, for previous values alike', async () => {
    expect(await patchAfter(renameColumns(toCamelCase), { list_id: 1 }, { list_id: 0, is_new: 1 })).toEqual([
      { listId: 1 },
      { listId: 0, isNew: 1 },
    ]);
  });

  it('takes a map, and keeps the names that are not in it', async () => {
    expect(await columnsAfter(renameColumns({ a: 'b', b: 'a' }), { a: 1, b: 2, c: 3 })).toEqual({
      b: 1,
      a: 2,
      c: 3,
    });
  });

  it('leaves id and table', async () => {
    expect(await changed(renameColumns((name) => `x_${name}`))).toMatchObject({ id: 'row', table: 'lists' });
  });

  it('keeps a column whose new name is special to JavaScript', async () => {
    const opData = await columnsAfter(renameColumns({ a: '__proto__' }), { a: 1 });
    expect(JSON.stringify(opData)).toBe('{"__proto__":1}');
  });

  it('takes two columns of one new name for a fault: one value would be lost', async () => {
    const renamed = async () => columnsAfter(renameColumns(toCamelCase), { a_b: 1, aB: 2 });
    await expect(renamed).rejects.toMatchObject({
      code: 'invalid',
      cause: { name: 'TypeError', message: 'Two columns would be called "aB".' },
    });
  });

  it('throws a TypeError for what is no name', () => {
    expect(() => renameColumns({ a: 1 as never })).toThrow('renameColumns: option "a"');
    expect(() => renameColumns('a' as never)).toThrow('renameColumns: option "names"');
  });
});

describe('dropColumns()', () => {
  it('leaves columns out, by name or pattern, in previous values alike', async () => {
    expect(
      await patchAfter(
        dropColumns('draft', 'local_*'),
        { name: 'x', draft: 1, local_a: 1 },
        { draft: 0, local_b: 0, drafts: 0 },
      ),
    ).toEqual([{ name: 'x' }, { drafts: 0 }]);
  });

  it.each<[string, unknown[]]>([
    ['no name', []],
    ['an empty one', ['']],
    ['a list', [['draft']]],
  ])('throws a TypeError for %s', (_, names) => {
    expect(() => dropColumns(...(names as string[]))).toThrow(TypeError);
    expect(() => dropColumns(...(names as string[]))).toThrow('dropColumns: option "names"');
  });
});

describe('dropEmptyPatches()', () => {
  it.each([{}, undefined])('leaves out a PATCH with %j', async (opData) => {
    expect(await changed(dropEmptyPatches(), { op: 'PATCH', opData })).toBeNull();
  });

  it.each([
    ['a PATCH that sets null', { op: 'PATCH', opData: { name: null } }],
    ['an empty PUT: the row has only an id', { op: 'PUT', opData: {} }],
    ['a DELETE', { op: 'DELETE', opData: undefined }],
    ['an empty PATCH with metadata', { op: 'PATCH', opData: {}, metadata: 'touched' }],
  ])('keeps %s', async (_, members) => {
    expect(await changed(dropEmptyPatches(), members)).toMatchObject(members);
  });
});

describe('addColumns()', () => {
  it.each(['PUT', 'PATCH'])('adds to a %s, over what is there', async (op) => {
    const entry = await changed(addColumns({ tenant: 't', name: 'new' }), {
      op,
      opData: { name: 'x', n: 1 },
    });
    expect(entry?.opData).toEqual({ name: 'new', n: 1, tenant: 't' });
  });

  it('adds nothing to a DELETE, nor to previous values', async () => {
    const add = addColumns({ tenant: 't' });
    expect(await changed(add, { op: 'DELETE', opData: undefined })).toMatchObject({ opData: undefined });
    expect(await patchAfter(add, {}, { name: 'x' })).toEqual([{ tenant: 't' }, { name: 'x' }]);
  });

  it('takes a function of the entry, which may be asynchronous', async () => {
    expect(
      await columnsAfter(
        addColumns(async ({ op }) => ({ op })),
        { n: 1 },
      ),
    ).toEqual({ n: 1, op: 'PUT' });
  });

  it('awaits a value, and refuses what JSON does not carry', async () => {
    const add = addColumns({ tenant: Promise.resolve('t1') });
    expect(await columnsAfter(add, { n: 1 })).toEqual({ n: 1, tenant: 't1' });
    for (const value of [Number.NaN, () => 1, { a: Promise.resolve(1) }])
      await expect(columnsAfter(addColumns({ value }), {})).rejects.toMatchObject({
        code: 'invalid',
        cause: {
          name: 'TypeError',
          message: `addColumns() got a value for "value" that JSON can't carry.`,
        },
      });
  });

  it.each([undefined, null, 'x', []])('takes %j for a fault of the function', async (value) => {
    await expect(
      columnsAfter(
        addColumns(() => value as never),
        {},
      ),
    ).rejects.toMatchObject({
      code: 'invalid',
      cause: { name: 'TypeError', message: 'The function of addColumns() must return an object.' },
    });
  });

  it('throws a TypeError for what is neither columns nor a function', () => {
    expect(() => addColumns(null as never)).toThrow('addColumns: option "values"');
  });
});
