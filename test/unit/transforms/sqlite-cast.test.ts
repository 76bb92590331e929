import { DatabaseSync } from 'node:sqlite';
import { column, Schema, Table } from '@powersync/common';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cast, truth, withAffinity } from '../../../src/testing/sql/values.ts';
import { castToSchema } from '../../../src/transforms/index.ts';
import { changed } from './support.ts';

// Beside real SQLite: what castToSchema() sends, and what memoryDatabase() shows, is what the app sees.

const sqlite = new DatabaseSync(':memory:');
const shown = sqlite.prepare(
  'select cast(cast(? as integer) as text) i, cast(? as real) r, cast(? as text) t',
);
sqlite.exec('create table typed (i integer, r real)');
const insert = sqlite.prepare('insert into typed values (?, ?)');
const isTrue = sqlite.prepare('select case when ? then 1 else 0 end as yes');

const schema = new Schema({ t: new Table({ i: column.integer, r: column.real, t: column.text }) });
const sent = async (value: unknown) =>
  (await changed(castToSchema(schema), { table: 't', opData: { i: value, r: value, t: value } }))?.opData as {
    i: unknown;
    r: number;
    t: unknown;
  };

const part = fc.constantFrom(
  '1',
  '0',
  '9',
  '23',
  '.',
  'e',
  'E',
  '+',
  '-',
  ' ',
  '\t',
  '\v',
  '\u00a0',
  'x',
  '\0',
  '',
  'Inf',
);
const like = fc.oneof(
  fc.array(part, { maxLength: 7 }).map((parts) => parts.join('')),
  fc.array(part, { maxLength: 3 }).map((parts) => `92233720368547758${parts.join('')}`),
  fc.string({ maxLength: 6 }),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(2 ** 64, -(2 ** 64), 1e300, -0, 0.5, -0.5),
);
/** Of integers the SDK has rounded nothing more can be known. */
const isKnown = (value: unknown) =>
  typeof value !== 'number' ||
  !Number.isInteger(value) ||
  Number.isSafeInteger(value) ||
  Math.abs(value) > 2 ** 63;

it('castToSchema() sends what SQLite shows', async () => {
  await fc.assert(
    fc.asyncProperty(like, async (value) => {
      fc.pre(isKnown(value));
      const real = shown.get(value, value, value) as { i: string; r: number; t: string };
      const { i, r, t } = await sent(value);
      expect(String(i)).toBe(real.i);
      expect(Object.is(r, -0) ? 0 : r).toBe(Object.is(real.r, -0) ? 0 : real.r);
      if (typeof value === 'string') expect(t).toBe(value);
      else expect(Number(t)).toBe(value + 0);
      expect(Number.isSafeInteger(i) || typeof i === 'string').toBe(true);
    }),
    { numRuns: 5_000 },
  );
});

it('memoryDatabase() shows and stores what SQLite does', () => {
  fc.assert(
    fc.property(like, (value) => {
      fc.pre(isKnown(value));
      const real = shown.get(value, value, value) as { i: string; r: number };
      expect(cast(value, 'INTEGER')).toBe(Number(real.i) + 0);
      expect(Number(cast(value, 'REAL')) + 0).toBe(real.r + 0);
      expect(truth(value) ? 1 : 0).toBe(isTrue.get(value)?.yes);
      if (String(value).includes('\0')) return; // which SQLite's affinity overlooks at the end
      sqlite.exec('delete from typed');
      insert.run(value, value);
      const row = sqlite.prepare('select typeof(i) ti, cast(i as text) it, r from typed').get() as never as {
        ti: string;
        it: string;
        r: string | number;
      };
      const affine = withAffinity(value, 'INTEGER') ?? 0;
      expect(typeof affine === 'string').toBe(row.ti === 'text');
      if (typeof affine === 'string') expect(affine).toBe(row.it);
      else if (Number.isSafeInteger(affine)) expect(Number(row.it)).toBe(affine + 0);
      const real2 = withAffinity(value, 'REAL');
      expect(Object.is(real2, -0) ? 0 : real2).toEqual(row.r);
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  ['1e3', 1, 1000],
  ['1.5', 1, 1.5],
  [1.5, 1, 1.5],
  ['x', 0, 0],
  ['', 0, 0],
  [' 12abc', 12, 12],
  ['\u00a07', 0, 0],
  ['Infinity', 0, 0],
  ['9007199254740993', '9007199254740993', 9007199254740992],
  ['99999999999999999999', '9223372036854775807', 1e20],
  [-1e300, '-9223372036854775808', -1e300],
])('%j is %j in an integer column, %j in a real one', async (value, i, r) => {
  expect(await sent(value)).toMatchObject({ i, r });
});

it('takes a long text in its stride', async () => {
  const started = performance.now();
  await sent(`${'1'.repeat(500_000)}x`);
  await sent(`${' '.repeat(500_000)}x`);
  withAffinity(`${'1'.repeat(500_000)}x`, 'REAL');
  withAffinity(`${' '.repeat(500_000)}x`, 'REAL');
  withAffinity(`1${' '.repeat(500_000)}x`, 'REAL');
  expect(performance.now() - started).toBeLessThan(1_000);
});
