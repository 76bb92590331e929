import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import {
  boolean,
  type ColumnCodec,
  columns,
  isoDate,
  isoDateFromMs,
  isoDateFromSeconds,
  json,
  number,
  text,
} from '../../../src/transforms/index.ts';
import { changed, columnsAfter, patchAfter } from './support.ts';

describe.each<[string, ColumnCodec, converted: [unknown, unknown][], refused: unknown[]]>([
  [
    'boolean',
    boolean,
    [
      [0, false],
      [1, true],
      ['0', false],
      ['1', true],
      [false, false],
      [true, true],
      ['false', false],
      ['true', true],
    ],
    [2, -1, 0.5, '', 'yes', 'TRUE', '01', {}, [], [1], null],
  ],
  [
    'json',
    json,
    [
      ['[1,"a"]', [1, 'a']],
      ['{"a":{"b":null}}', { a: { b: null } }],
      ['null', null],
      ['"text"', 'text'],
      [' 1 ', 1],
      [7, 7],
    ],
    ['', '{', 'text', "{'a':1}", '1e999', '[[{"a":-1e999}]]', Number.NaN, Number.POSITIVE_INFINITY],
  ],
  [
    'text',
    text,
    [
      [12.5, '12.5'],
      [0, '0'],
      [-0.001, '-0.001'],
      [Number.MAX_SAFE_INTEGER, '9007199254740991'],
      ['12.50', '12.50'],
      ['9007199254740993', '9007199254740993'],
      ['', ''],
    ],
    [2 ** 53, -(2 ** 53), 2 ** 63, true, {}],
  ],
  [
    'number',
    number,
    [
      ['17', 17],
      ['-1.50', -1.5],
      ['+.5', 0.5],
      ['1e3', 1000],
      ['007', 7],
      [17, 17],
      [2 ** 53, 2 ** 53],
    ],
    [
      '',
      ' ',
      'x',
      '1x',
      '0x10',
      'NaN',
      'Infinity',
      '1e999',
      '1,5',
      '9007199254740993',
      true,
      Number.NaN,
      -1 / 0,
    ],
  ],
  [
    'isoDate',
    isoDate,
    [
      ['2026-01-31 08:00:00', '2026-01-31T08:00:00Z'],
      ['2026-01-31 08:00', '2026-01-31T08:00:00Z'],
      ['2026-01-31T08:00:00', '2026-01-31T08:00:00Z'],
      ['2026-01-31 08:00:00.123456', '2026-01-31T08:00:00.123456Z'],
      ['2026-01-31 08:00:00.123Z', '2026-01-31T08:00:00.123Z'],
      ['2026-01-31T08:00:00Z', '2026-01-31T08:00:00Z'],
      ['2026-01-31T08:00:00+02:00', '2026-01-31T08:00:00+02:00'],
      ['2026-01-31 08:00:00 -0930', '2026-01-31T08:00:00-09:30'],
      ['2026-01-31 08:00:00+00', '2026-01-31T08:00:00+00:00'],
      ['2026-01-31', '2026-01-31'],
      ['2024-02-29', '2024-02-29'],
      ['0000-02-29', '0000-02-29'],
      ['2026-01-31 24:00', '2026-01-31T24:00:00Z'],
      ['2026-01-31 08:00:00 +15:59', '2026-01-31T08:00:00+15:59'],
    ],
    [
      '',
      'now',
      '2026',
      '31.01.2026',
      '2026-13-01',
      '2026-00-10',
      '2026-02-30',
      '2026-02-29',
      '1900-02-29',
      '2026-04-31T08:00:00Z',
      '2026-01-00',
      '2026-01-32',
      '2026-01-31 08:60',
      '2026-01-31 08:00:60',
      '2026-01-31 24:00:01',
      '2026-01-31 24:01',
      '2026-01-31 08:00:00+24:00',
      '2026-01-31 08:00:00+02:60',
      '2026-01-31 25:00',
      '2026-01-31T08',
      '08:00:00',
      1769846400000,
      '1769846400',
    ],
  ],
  [
    'isoDateFromMs',
    isoDateFromMs,
    [
      [0, '1970-01-01T00:00:00.000Z'],
      [1769846400123, '2026-01-31T08:00:00.123Z'],
      ['1769846400123', '2026-01-31T08:00:00.123Z'],
      [-1, '1969-12-31T23:59:59.999Z'],
    ],
    ['', '2026-01-31', 9e15, Number.NaN, true],
  ],
  [
    'isoDateFromSeconds',
    isoDateFromSeconds,
    [
      [0, '1970-01-01T00:00:00.000Z'],
      [1769846400, '2026-01-31T08:00:00.000Z'],
      ['1769846400', '2026-01-31T08:00:00.000Z'],
      [1769846400.123, '2026-01-31T08:00:00.123Z'],
    ],
    ['', '2026-01-31', 9e12, true],
  ],
])('%s', (_, codec, converted, refused) => {
  it.each(converted)('converts %j to %j', (value, expected) => {
    expect(codec(value)).toEqual(expected);
  });

  it.each(refused.map((value) => [value]))('refuses %j', (value) => {
    expect(() => codec(value)).toThrow(TypeError);
    expect(() => codec(value)).toThrow(/^Expected [a-zA-Z0-9 ,]+\.$/);
  });
});

describe('columns()', () => {
  const transform = columns({ completed: boolean, tags: json });

  it('converts the columns it names, in previous values alike', async () => {
    expect(
      await patchAfter(
        transform,
        { completed: 1, tags: '[]', name: '1' },
        { completed: 0, tags: '["a"]', name: '0' },
      ),
    ).toEqual([
      { completed: true, tags: [], name: '1' },
      { completed: false, tags: ['a'], name: '0' },
    ]);
  });

  it('keeps null, and adds no column', async () => {
    expect(await columnsAfter(transform, { completed: null })).toEqual({ completed: null });
  });

  it('leaves a DELETE without columns', async () => {
    const entry = await changed(transform, { op: 'DELETE', opData: undefined });
    expect(entry?.opData).toBeUndefined();
  });

  it('takes a codec of your own', async () => {
    const lower = columns({ color: (value: string) => value.toLowerCase() });
    expect(await columnsAfter(lower, { color: 'RED' })).toEqual({ color: 'red' });
  });

  it('knows no inherited names', async () => {
    const opData = { toString: 1, constructor: 2 };
    expect(await columnsAfter(transform, opData)).toEqual(opData);
  });

  it('names op, table and column of a value it can not convert, and quotes nothing', async () => {
    const converted = changed(transform, { op: 'PATCH', table: 'todos', opData: { tags: '{SECRET' } });
    await expect(converted).rejects.toMatchObject({
      code: 'invalid',
      message: '[invalid] PATCH of "todos": the column "tags" could not be converted (see cause).',
      cause: { message: 'Expected valid JSON.' },
    });
  });

  it('sends a previous value as it is where it can not be converted: the write may be what repairs it', async () => {
    expect(await patchAfter(transform, { tags: '[]' }, { tags: '{broken', completed: 1 })).toEqual([
      { tags: [] },
      { tags: '{broken', completed: true },
    ]);
  });

  it('takes the word of an UploadError that a codec throws, for previous values alike', async () => {
    const error = new UploadError('unavailable', 'Not now.');
    const later = columns({
      name() {
        throw error;
      },
    });
    await expect(changed(later, { opData: { name: 'x' } })).rejects.toBe(error);
    await expect(patchAfter(later, {}, { name: 'x' })).rejects.toBe(error);
  });

  it('awaits a codec, one that fails alike', async () => {
    const later = columns({ name: async (value: string) => value.toUpperCase() });
    expect(await patchAfter(later, { name: 'x' }, { name: 'y' })).toEqual([{ name: 'X' }, { name: 'Y' }]);
    const failing = columns({ name: () => Promise.reject(new TypeError('no')) });
    await expect(columnsAfter(failing, { name: 'x' })).rejects.toMatchObject({ code: 'invalid' });
    expect(await patchAfter(failing, {}, { name: 'y' })).toEqual([{}, { name: 'y' }]);
  });

  it.each<[string, ColumnCodec]>([
    ['returns nothing, so that the column would vanish', () => undefined],
    ['returns a promise within, which would be sent as {}', () => [{ a: Promise.resolve(1) }]],
    // biome-ignore lint/suspicious/noThenProperty: what some libraries have in place of promises.
    ['returns another kind of promise within', () => ({ a: { then() {} } })],
    ['returns NaN, which would be sent as null', (value) => Number(value)],
    ['returns an infinite number', () => 1 / 0],
    ['returns a date that is none', () => new Date('x')],
    ['returns binary data', () => new Uint8Array(3).buffer],
    ['returns a set', () => new Set([1])],
    ['returns a function', () => () => 1],
  ])('takes it for a fault when a codec %s', async (_, codec) => {
    const converted = changed(columns({ name: codec }), { opData: { name: 'x' } });
    await expect(converted).rejects.toMatchObject({ code: 'invalid' });
  });

  it.each([null, 1, 'boolean', {}])('throws a TypeError for %j instead of a codec', (codec) => {
    expect(() => columns({ completed: codec as never })).toThrow(TypeError);
    expect(() => columns({ completed: codec as never })).toThrow('columns: option "completed"');
  });
});
