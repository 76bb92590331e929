import { toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { UploadEntry, UploadTransaction } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import { UploadRequestSchema } from '../../../src/connect/gen/powersync/write/v1/write_pb.js';
import { packMessage } from '../../../src/connect/pack-message.ts';

const entry = (opData?: Record<string, unknown>, changes: Partial<UploadEntry> = {}): UploadEntry => ({
  clientId: 1,
  op: 'PUT',
  table: 'lists',
  id: 'a',
  opData,
  ...changes,
});
const transaction = (...entries: UploadEntry[]): UploadTransaction => ({
  key: 'k',
  transactionId: 7,
  entries,
});
const pack = (
  transactions: readonly UploadTransaction[],
  { maxTransactions = 50, maxMessageBytes = 4_000_000 } = {},
) => packMessage(transactions, { maxTransactions, maxMessageBytes });

function sizeOf(transactions: ReturnType<typeof packMessage>): number {
  return toBinary(UploadRequestSchema, { $typeName: 'powersync.write.v1.UploadRequest', transactions })
    .length;
}

describe('packMessage()', () => {
  it.each<[string, UploadEntry, object]>([
    ['a PUT', entry({ a: 1 }), { op: 1, opData: { a: 1 } }],
    ['a PUT of an id only', entry(), { op: 1, opData: {} }],
    ['a PATCH without columns', entry(undefined, { op: 'PATCH' }), { op: 2, opData: {} }],
    ['a PATCH to null', entry({ a: null }, { op: 'PATCH' }), { op: 2, opData: { a: null } }],
    ['a DELETE', entry({}, { op: 'DELETE' }), { op: 3, opData: undefined }],
    ['previous values', entry({}, { previousValues: { a: 1 } }), { previousValues: { a: 1 } }],
    ['metadata', entry({}, { metadata: '' }), { metadata: '' }],
    [
      'null for what is missing',
      entry({}, { previousValues: null, metadata: null } as never),
      { previousValues: undefined, metadata: undefined },
    ],
  ])('encodes %s', (_, given, expected) => {
    const members = { $typeName: 'powersync.write.v1.CrudEntry', id: 'a', table: 'lists', op: 1, opData: {} };
    expect(pack([transaction(given)])[0]?.crud).toEqual([{ ...members, ...expected }]);
  });

  it.each<[number | null | undefined, bigint | undefined]>([
    [7, 7n],
    [0, 0n],
    [2 ** 53 - 1, 9_007_199_254_740_991n],
    [undefined, undefined],
    [null, undefined],
  ])('transaction id %s is %s', (transactionId, expected) => {
    const [packed] = pack([{ key: 'k', transactionId: transactionId as number, entries: [entry()] }]);
    expect(packed?.transactionId).toBe(expected);
  });

  it.each<[string, unknown, unknown]>([
    ['an infinite number', Number.NEGATIVE_INFINITY, '-Infinity'],
    ['NaN', Number.NaN, 'NaN'],
    ['a bigint', 2n ** 63n, '9223372036854775808'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['text that looks like an escape', '\\ud800', '\\ud800'],
    ['an emoji', '👩‍👩‍👧‍👦', '👩‍👩‍👧‍👦'],
    ['a list with gaps', [undefined, Number.NaN], [null, 'NaN']],
  ])('carries %s', (_, value, expected) => {
    expect(pack([transaction(entry({ value }))])[0]?.crud[0]?.opData).toEqual({ value: expected });
  });

  it('leaves out columns that are undefined, instead of nulling them', () => {
    expect(pack([transaction(entry({ a: undefined, b: 1 }))])[0]?.crud[0]?.opData).toStrictEqual({ b: 1 });
  });

  it.each<[string, UploadEntry, string]>([
    ['an unknown op', entry({}, { op: 'MERGE' }), 'misconfigured'],
    ['an op that only objects have', entry({}, { op: 'constructor' }), 'misconfigured'],
    ['half a character in a value', entry({ a: 'x\ud83d' }), 'invalid'],
    ['half a character behind a backslash', entry({ a: '\\\udc00' }), 'invalid'],
    ['half a character as a column', entry({ '\udc00': 1 }), 'invalid'],
    ['half a character in an id, which would become another one', entry({}, { id: '\ud83d' }), 'invalid'],
  ])('%s is an error at the head, and the end of the message behind it', (_, bad, code) => {
    expect(() => pack([transaction(entry(), bad)])).toThrow(expect.objectContaining({ code }));
    expect(pack([transaction(entry()), transaction(bad), transaction(entry())])).toHaveLength(1);
  });

  it('takes so many transactions, and no more', () => {
    const all = Array.from({ length: 60 }, () => transaction(entry({})));
    expect(pack(all)).toHaveLength(50);
    expect(pack(all, { maxTransactions: 60 })).toHaveLength(60);
    expect(pack(all, { maxTransactions: 1 })).toHaveLength(1);
  });

  it('sends a single transaction however large it is', () => {
    const large = transaction(entry({ text: 'x'.repeat(10_000) }));
    expect(pack([large, transaction(entry())], { maxMessageBytes: 100 })).toHaveLength(1);
  });

  const leaf = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'binary' }),
    fc.constant(null),
    fc.boolean(),
  );
  const value = fc.oneof(leaf, fc.array(leaf), fc.dictionary(fc.string({ maxLength: 2 }), leaf));

  it('never makes a message of several transactions longer than it may be, and none shorter than it could be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.string({ maxLength: 3 }), value, { maxKeys: 8 }), {
          minLength: 1,
          maxLength: 8,
        }),
        fc.integer({ min: 20, max: 1_500 }),
        (rows, maxMessageBytes) => {
          const all = rows.map((row) => transaction(entry(row)));
          const packed = pack(all, { maxMessageBytes });
          if (packed.length > 1) expect(sizeOf(packed)).toBeLessThanOrEqual(maxMessageBytes);
          const slack = 6 * (packed.length + 1);
          if (packed.length < all.length)
            expect(sizeOf(pack(all.slice(0, packed.length + 1)))).toBeGreaterThan(maxMessageBytes - slack);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('needs no counting for what is far from the limit: eight bytes a character are the most', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 2 }), fc.anything({ values: [leaf] })), (row) => {
        const [packed] = pack([transaction(entry(row as never))]);
        const text = JSON.stringify([packed?.crud[0]?.opData, 'a', 'lists', 'id', 'op', 'table', 'opData']);
        expect(sizeOf(packed ? [packed] : [])).toBeLessThanOrEqual(8 * text.length);
      }),
      { numRuns: 500 },
    );
  });
});
