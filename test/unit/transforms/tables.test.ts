import { describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import {
  coalesce,
  eachEntry,
  onlyTables,
  perTable,
  renameColumns,
  renameTables,
} from '../../../src/transforms/index.ts';
import type { Transform } from '../../../src/transport/transform.ts';
import { changed, context, sent, transactionOf } from './support.ts';

const mark = (text: string) =>
  eachEntry(async (entry) => ({ ...entry, metadata: (entry.metadata ?? '') + text }));

describe('perTable()', () => {
  const transform = perTable({
    todos: [mark('a'), mark('b')],
    'audit_*': mark('audit'),
    audit_log: mark('log'),
    'a*': mark('a*'),
    drafts: () => [],
    lists: [],
  });

  it.each([
    ['todos', 'ab'],
    ['audit_log', 'log'],
    ['audit_other', 'audit'],
    ['accounts', 'a*'],
    ['lists', undefined],
    ['unknown', undefined],
    ['constructor', undefined],
  ])('does to %s what is said of it', async (table, metadata) => {
    expect((await changed(transform, { table }))?.metadata).toBe(metadata);
  });

  it('has a default for tables that nothing is said of', async () => {
    const withDefault = perTable({ todos: [], default: mark('other') });
    expect((await changed(withDefault, { table: 'lists' }))?.metadata).toBe('other');
    expect((await changed(withDefault, { table: 'todos' }))?.metadata).toBeUndefined();
  });

  it('leaves an entry out, and asks no further transform about it', async () => {
    const after = vi.fn(mark('after'));
    expect(await changed(transform, { table: 'drafts' })).toBeNull();
    expect(await changed(perTable({ default: [() => [], after] }))).toBeNull();
    expect(after).not.toHaveBeenCalled();
  });

  it('takes a forgotten return for a fault, and names op and table', async () => {
    const forgotten = changed(perTable({ todos: [eachEntry((() => {}) as never)] }), {
      table: 'todos',
      op: 'PATCH',
    });
    await expect(forgotten).rejects.toMatchObject({
      message:
        '[invalid] A transform failed: PATCH of "todos". The function of eachEntry() must return an entry, or null.',
    });
  });

  it('tells a function of one entry, which stands there without eachEntry()', async () => {
    for (const fn of [() => null, ({ op }: { op: string }) => (op === 'PUT' ? null : undefined)])
      await expect(changed(perTable({ default: fn as never }))).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining('eachEntry()'),
      });
  });

  it('gives a transform what is meant for it as far as it stands together, and the context', async () => {
    const seen: unknown[] = [];
    const look: Transform = (entries, given) => {
      seen.push([entries.map(({ table, id }) => `${table}/${id}`), given]);
      return entries;
    };
    const entries = transactionOf(
      { table: 'audit_a', id: '1' },
      { table: 'audit_b', id: '2' },
      { table: 'lists', id: '3' },
      { table: 'lists', id: '4' },
      { table: 'audit_a', id: '5' },
    );
    expect(await sent(perTable({ 'audit_*': look }), entries)).toEqual(entries);
    expect(seen).toEqual([
      [['audit_a/1', 'audit_b/2'], context],
      [['audit_a/5'], context],
    ]);
  });

  it('moves nothing across entries of other tables, whatever a transform does', async () => {
    const entries = transactionOf(
      { table: 'todos', id: 'a' },
      { table: 'todos', id: 'a', op: 'PATCH', opData: { x: 1 } },
      { table: 'lists', id: 'l' },
      { table: 'todos', id: 'a', op: 'PATCH', opData: { list_id: 'l' } },
    );
    const left = await sent(perTable({ todos: coalesce() }), entries);
    expect(left.map(({ op, table, opData }) => [op, table, opData])).toEqual([
      ['PUT', 'todos', { x: 1 }],
      ['PUT', 'lists', {}],
      ['PATCH', 'todos', { list_id: 'l' }],
    ]);
  });

  it('takes the word of an UploadError', async () => {
    const error = new UploadError('unavailable', 'Not now.');
    await expect(changed(perTable({ default: () => Promise.reject(error) }))).rejects.toBe(error);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null in a list', [null]],
    ['an object', { transaction: () => [] }],
  ])('throws a TypeError for %s instead of a transform', (_, given) => {
    expect(() => perTable({ todos: given as never })).toThrow(TypeError);
    expect(() => perTable({ todos: given as never })).toThrow('perTable: option "todos"');
  });
});

describe('onlyTables()', () => {
  const allowed = ['todos', 'billing_*'];

  it.each(['todos', 'billing_', 'billing_items'])('lets %s pass', async (table) => {
    expect((await changed(onlyTables(allowed, { others: 'reject' }), { table }))?.table).toBe(table);
  });

  it('leaves others out for "ignore"', async () => {
    expect(await changed(onlyTables(allowed, { others: 'ignore' }), { table: 'todo' })).toBeNull();
  });

  it.each([
    ['reject', 'invalid'],
    ['hold', 'schema_mismatch'],
  ] as const)('throws for others for "%s": code %s, which names the table', async (others, code) => {
    await expect(changed(onlyTables(allowed, { others }), { table: 'my_todos' })).rejects.toMatchObject({
      code,
      message: `[${code}] The table "my_todos" is none of those that onlyTables() lets pass.`,
    });
  });

  it.each<[string, unknown[], string]>([
    ['no list', ['todos', { others: 'hold' }], '"tables"'],
    ['an empty list', [[], { others: 'hold' }], '"tables"'],
    ['a name that is none', [[''], { others: 'hold' }], '"tables"'],
    ['no policy: there is no default', [allowed, {}], '"others"'],
    ['no options', [allowed], '"options"'],
    ['an unknown policy', [allowed, { others: 'drop' }], '"others"'],
    ['a misspelt option', [allowed, { others: 'hold', other: 'hold' }], '"other"'],
  ])('throws a TypeError for %s', (_, parameters, named) => {
    const make = () => (onlyTables as (...parameters: unknown[]) => unknown)(...parameters);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(named);
  });
});

describe('renameTables()', () => {
  const name = async (transform: Transform, table: string) => (await changed(transform, { table }))?.table;

  it('takes a map, and keeps the names that are not in it', async () => {
    const transform = renameTables({ todos: 'todo_items' });
    expect(await name(transform, 'todos')).toBe('todo_items');
    expect(await name(transform, 'lists')).toBe('lists');
    expect(await name(transform, 'constructor')).toBe('constructor');
  });

  it('takes a function', async () => {
    expect(
      await name(
        renameTables((table) => `public.${table}`),
        'todos',
      ),
    ).toBe('public.todos');
  });

  it('awaits the function', async () => {
    expect(
      await name(
        renameTables(async (table) => `public.${table}`),
        'todos',
      ),
    ).toBe('public.todos');
    const columns = renameColumns(async (column) => `${column}_`);
    expect((await changed(columns, { opData: { x: 1 } }))?.opData).toEqual({ x_: 1 });
  });

  it.each([undefined, '', 1])('takes %j for a fault of the function', async (value) => {
    await expect(async () =>
      name(
        renameTables(() => value as never),
        'todos',
      ),
    ).rejects.toMatchObject({
      code: 'invalid',
      cause: { name: 'TypeError', message: 'renameTables(): there is no new name for "todos".' },
    });
  });

  it.each<[string, unknown, string]>([
    ['names', null, '"names"'],
    ['a name', { todos: '' }, '"todos"'],
    ['a text as a name', { todos: 1 }, '"todos"'],
  ])('throws a TypeError without %s', (_, names, named) => {
    expect(() => renameTables(names as never)).toThrow(TypeError);
    expect(() => renameTables(names as never)).toThrow(`renameTables: option ${named}`);
  });
});
