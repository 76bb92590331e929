import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeTransaction, packTransactions, utf8Length } from '../../../src/contract/pack-transactions.ts';
import type { UploadTransaction } from '../../../src/queue/transaction.ts';
import { anEntry } from '../../support/fake-queue.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

const aTransaction = (members: Partial<UploadTransaction> = {}): UploadTransaction => ({
  key: 'client:1-1:0123456789abcdef',
  transactionId: 7,
  entries: [anEntry({ transactionId: 7 })],
  ...members,
});

const many = (count: number) =>
  Array.from({ length: count }, (_, index) => aTransaction({ key: `key ${index}` }));

interface Body {
  transactions: Record<string, unknown>[];
}

/** The only transaction of a request, as the backend reads it. */
function sent(transaction: UploadTransaction): Record<string, unknown> {
  const { body, count } = packTransactions([transaction], 1_000_000);
  expect(count).toBe(1);
  const { transactions } = JSON.parse(body) as Body;
  expect(transactions).toHaveLength(1);
  return transactions[0] ?? {};
}

const sentEntry = (members: Parameters<typeof anEntry>[0]) =>
  (sent(aTransaction({ entries: [anEntry(members)] })).crud as Record<string, unknown>[])[0];

describe('utf8Length', () => {
  it.each(['', 'a', 'é', '€', '😀', 'a€😀é', '\u007f\u0080\u07ff\u0800\uffff', '漢字', '\ufffd'])(
    'counts the bytes of %j',
    (text) => {
      expect(utf8Length(text)).toBe(bytesOf(text));
    },
  );

  it('counts like TextEncoder for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(bytesOf(text));
      }),
      { numRuns: 1000 },
    );
  });

  it('counts the JSON of any text, lone surrogates included, which JSON escapes', () => {
    const units = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(units, (text) => {
        const json = JSON.stringify(text);
        expect(utf8Length(json)).toBe(bytesOf(json));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the form of a request', () => {
  it('is what the contract says, and idempotency_key, which backends that do not know it ignore', () => {
    const { body, count } = packTransactions(
      [
        aTransaction({
          entries: [
            anEntry({ transactionId: 7, op: 'PATCH', previousValues: { name: 'Rye' }, metadata: 'note' }),
          ],
        }),
      ],
      1_000_000,
    );
    expect(count).toBe(1);
    expect(JSON.parse(body)).toEqual({
      transactions: [
        {
          transaction_id: 7,
          idempotency_key: 'client:1-1:0123456789abcdef',
          crud: [
            {
              id: 'row',
              op: 'PATCH',
              table: 'lists',
              transaction_id: 7,
              op_data: { name: 'Milk' },
              previous_values: { name: 'Rye' },
              metadata: 'note',
            },
          ],
        },
      ],
    });
  });

  it('keeps the order of transactions and of their entries', () => {
    const transactions = [1, 2, 3].map((n) =>
      aTransaction({ key: `key ${n}`, entries: [anEntry({ id: `${n}a` }), anEntry({ id: `${n}b` })] }),
    );
    const body = JSON.parse(packTransactions(transactions, 1_000_000).body) as Body;
    expect(body.transactions.map((each) => (each.crud as { id: string }[]).map(({ id }) => id))).toEqual([
      ['1a', '1b'],
      ['2a', '2b'],
      ['3a', '3b'],
    ]);
  });

  it('has no op_data in a DELETE, whatever the entry holds: the contract refuses null', () => {
    expect(sentEntry({ op: 'DELETE', opData: undefined })).not.toHaveProperty('op_data');
    expect(sentEntry({ op: 'DELETE', opData: { name: 'x' } })).not.toHaveProperty('op_data');
  });

  it.each(['PUT', 'PATCH'])('has an object as op_data in a %s without columns', (op) => {
    expect(sentEntry({ op, opData: undefined })).toMatchObject({ op_data: {} });
    expect(sentEntry({ op, opData: null as never })).toMatchObject({ op_data: {} });
    expect(sentEntry({ op, opData: {} })).toMatchObject({ op_data: {} });
  });

  it('keeps columns that are null: that is how PATCH empties one', () => {
    expect(sentEntry({ op: 'PATCH', opData: { name: null } })).toMatchObject({ op_data: { name: null } });
  });

  it('has no member of the contract that is null, as the SDK reads absent ones from the database', () => {
    const none = null as never;
    const transaction = aTransaction({
      transactionId: undefined,
      entries: [anEntry({ transactionId: none, previousValues: none, metadata: none })],
    });
    const read = sent(transaction);
    expect(Object.keys(read).sort()).toEqual(['crud', 'idempotency_key']);
    expect(Object.keys((read.crud as object[])[0] ?? {}).sort()).toEqual(['id', 'op', 'op_data', 'table']);
  });

  it.each<[string, UploadTransaction]>([
    [
      'of several entries',
      aTransaction({
        entries: [anEntry({ transactionId: 7, id: 'a' }), anEntry({ transactionId: 7, op: 'DELETE' })],
      }),
    ],
    [
      'without an id',
      aTransaction({ transactionId: undefined, entries: [anEntry({ transactionId: null as never })] }),
    ],
  ])('is the same for a transaction %s that is sent alone, as an object', (_, transaction) => {
    expect(JSON.parse(JSON.stringify(encodeTransaction(transaction)))).toEqual(sent(transaction));
  });

  it('keeps empty metadata, which is not none', () => {
    expect(sentEntry({ metadata: '' })).toHaveProperty('metadata', '');
  });

  it('keeps a column named __proto__', () => {
    const { body } = packTransactions(
      [aTransaction({ entries: [anEntry({ opData: JSON.parse('{"__proto__":1}') as never })] })],
      1_000_000,
    );
    expect(body).toContain('"op_data":{"__proto__":1}');
  });
});

describe('the cut of a request', () => {
  it('is at 50 transactions, which is what the reference write API takes', () => {
    expect(packTransactions(many(50), 10 ** 9).count).toBe(50);
    const { body, count } = packTransactions(many(51), 10 ** 9);
    expect(count).toBe(50);
    expect((JSON.parse(body) as Body).transactions).toHaveLength(50);
  });

  it('leaves a transaction larger than the bound alone, and sends it all the same', () => {
    const large = aTransaction({ entries: [anEntry({ opData: { text: 'x'.repeat(200_000) } })] });
    expect(packTransactions([large, ...many(2)], 100_000).count).toBe(1);
    expect(packTransactions([large], 1).count).toBe(1);
  });

  it('is before a large transaction that is not the first', () => {
    const large = aTransaction({ entries: [anEntry({ opData: { text: 'x'.repeat(200_000) } })] });
    expect(packTransactions([...many(2), large], 100_000).count).toBe(2);
  });

  it('counts bytes, not characters', () => {
    const text = (unit: string) =>
      aTransaction({ entries: [anEntry({ opData: { text: unit.repeat(1000) } })] });
    expect(packTransactions([text('x'), text('x')], 3000).count).toBe(2);
    expect(packTransactions([text('漢'), text('漢')], 3000).count).toBe(1);
  });

  it('fills the bound to its last byte', () => {
    const { body } = packTransactions(many(3), 10 ** 9);
    expect(packTransactions(many(4), bytesOf(body)).count).toBe(3);
    expect(packTransactions(many(4), bytesOf(body) - 1).count).toBe(2);
  });

  it('counts what stands before and behind the transactions', () => {
    const room = bytesOf(
      many(3)
        .map((each) => JSON.stringify(encodeTransaction(each)))
        .join(),
    );
    const long = ' '.repeat(5000);
    for (const wrapping of [
      [`${long}[`, ']'],
      ['[', `]${long}`],
    ] as const) {
      const { body, count } = packTransactions(many(10), 5002 + room, undefined, wrapping);
      expect(count).toBe(3);
      expect(bytesOf(body)).toBe(5002 + room);
    }
  });

  it('takes the longest prefix that fits into the bound, and at least one transaction', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 200 }), fc.constant('\ud800'));
    fc.assert(
      fc.property(
        fc.array(fc.array(text, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 5000 }),
        (all, maxBodyBytes) => {
          const transactions = all.map((texts, index) =>
            aTransaction({ key: `${index}`, entries: texts.map((each) => anEntry({ opData: { each } })) }),
          );
          const { body, count } = packTransactions(transactions, maxBodyBytes);
          const sentKeys = (JSON.parse(body) as Body).transactions.map((each) => each.idempotency_key);
          expect(sentKeys).toEqual(transactions.slice(0, count).map(({ key }) => key));
          expect(count).toBeGreaterThanOrEqual(1);
          if (count > 1) expect(bytesOf(body)).toBeLessThanOrEqual(maxBodyBytes);
          if (count < Math.min(50, transactions.length)) {
            const oneMore = bytesOf(packTransactions(transactions.slice(0, count + 1), 10 ** 9).body);
            expect(oneMore).toBeGreaterThan(maxBodyBytes);
          }
        },
      ),
    );
  });
});
