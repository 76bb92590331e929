import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CrudEntryLike } from '../../../src/database/database.ts';
import {
  groupTransactions,
  textsOf,
  toTransaction,
  type UploadTransaction,
} from '../../../src/queue/transaction.ts';
import { anEntry } from '../../support/fake-queue.ts';

/** Entries with op ids 1, 2, 3... and these transaction ids. */
function queued(...transactionIds: (number | null | undefined)[]): CrudEntryLike[] {
  return transactionIds.map((transactionId, index) =>
    anEntry({ clientId: index + 1, transactionId: transactionId as number | undefined }),
  );
}

const opIds = (groups: CrudEntryLike[][]) => groups.map((group) => group.map(({ clientId }) => clientId));

describe('groupTransactions', () => {
  it.each<[string, (number | null | undefined)[], number[][]]>([
    ['an empty queue has no transactions', [], []],
    ['neighbours with an equal id belong together', [7, 7, 7], [[1, 2, 3]]],
    ['another id begins another transaction', [7, 7, 8], [[1, 2], [3]]],
    ['0 is an id like any other', [0, 0, 1], [[1, 2], [3]]],
    ['entries without an id (null) stand alone, also side by side', [null, null], [[1], [2]]],
    ['entries without an id (undefined) stand alone, also side by side', [undefined, undefined], [[1], [2]]],
    ['an entry without an id ends the transaction before it', [7, null, 7], [[1], [2], [3]]],
    ['an id that comes back later is another transaction', [7, 8, 7], [[1], [2], [3]]],
  ])('%s', (_, ids, expected) => {
    expect(opIds(groupTransactions(queued(...ids)))).toEqual(expected);
  });

  it('keeps a transaction whole where op ids were skipped, since another table may share the counter', () => {
    const entries = [anEntry({ clientId: 3, transactionId: 1 }), anEntry({ clientId: 9, transactionId: 1 })];
    expect(opIds(groupTransactions(entries))).toEqual([[3, 9]]);
  });

  it('neither loses, repeats nor reorders an entry, and never mixes two ids', () => {
    const id = fc.oneof(fc.constant(null), fc.constant(undefined), fc.integer({ min: 0, max: 3 }));
    fc.assert(
      fc.property(fc.array(id), (ids) => {
        const entries = queued(...ids);
        const groups = groupTransactions(entries);
        expect(groups.flat()).toEqual(entries);
        for (const [index, group] of groups.entries()) {
          const [first] = group;
          expect(group.length).toBeGreaterThan(0);
          expect(group.every(({ transactionId }) => transactionId === first?.transactionId)).toBe(true);
          if (first?.transactionId == null) expect(group).toHaveLength(1);
          else expect(groups[index + 1]?.[0]?.transactionId).not.toBe(first.transactionId);
        }
      }),
    );
  });
});

describe('the texts of a transaction', () => {
  const transaction = toTransaction('client', [anEntry({ id: 'a' }), anEntry({ clientId: 2, id: 'b' })]);
  const idsOf = (texts: readonly string[]) => texts.map((text) => (JSON.parse(text) as { id: string }).id);

  it('are those its key was made of, not made anew', () => {
    expect(idsOf(textsOf(transaction))).toEqual(['a', 'b']);
    expect(textsOf(transaction)).toBe(textsOf(transaction));
  });

  it.each<[string, UploadTransaction]>([
    ['a copy with other entries', { ...transaction, entries: [anEntry({ id: 'c' })] }],
    ['an object made from it', Object.create(transaction, { entries: { value: [anEntry({ id: 'c' })] } })],
    ['one made by hand', { key: 'key', entries: [anEntry({ id: 'c' })] }],
  ])('are of what is sent: %s', (_, changed) => {
    expect(idsOf(textsOf(changed))).toEqual(['c']);
  });

  it('are no member that is seen, copied or printed', () => {
    expect(Object.keys(transaction)).toEqual(['key', 'transactionId', 'entries']);
  });
});

describe('the idempotency key', () => {
  const base = [
    anEntry({ clientId: 5, transactionId: 2, id: 'a', opData: { name: 'Milk' } }),
    anEntry({ clientId: 6, transactionId: 2, id: 'b', opData: { name: 'Bread' } }),
  ];
  const [first, second] = base as [CrudEntryLike, CrudEntryLike];
  const key = toTransaction('client', base).key;

  it('is client id, op id range and a hash of the content', () => {
    expect(key).toMatch(/^client:5-6:[0-9a-f]{16}$/);
  });

  it('is equal on every read of the same rows, since retries, restarts and other tabs read anew', () => {
    const again = JSON.parse(JSON.stringify(base)) as CrudEntryLike[];
    expect(toTransaction('client', again).key).toBe(key);
  });

  it('does not depend on the batch the transaction travels in', () => {
    const other = anEntry({ clientId: 7, transactionId: 3 });
    const alone = groupTransactions(base).map((group) => toTransaction('client', group).key);
    const together = groupTransactions([...base, other]).map((group) => toTransaction('client', group).key);
    expect(together[0]).toBe(alone[0]);
  });

  it.each<[string, string, CrudEntryLike[]]>([
    ['the database', 'another client', base],
    ['a column', 'client', [first, { ...second, opData: { name: 'Cheese' } }]],
    ['the type of a value', 'client', [first, { ...second, opData: { name: ['Bread'] } }]],
    [
      'a column set to null instead of left out',
      'client',
      [first, { ...second, opData: { name: 'Bread', x: null } }],
    ],
    ['an empty PATCH instead of none', 'client', [first, { ...second, opData: {} }]],
    ['the row', 'client', [first, { ...second, id: 'c' }]],
    ['the table', 'client', [first, { ...second, table: 'todos' }]],
    ['the operation', 'client', [first, { ...second, op: 'PATCH' }]],
    ['the previous values', 'client', [first, { ...second, previousValues: { name: 'Rye' } }]],
    ['the metadata', 'client', [first, { ...second, metadata: 'note' }]],
    [
      'previous values moved into the data',
      'client',
      [first, { ...second, opData: undefined, previousValues: { name: 'Bread' } }],
    ],
    [
      'the order of the content',
      'client',
      [
        { ...second, clientId: 5 },
        { ...first, clientId: 6 },
      ],
    ],
    [
      'the op ids',
      'client',
      [
        { ...first, clientId: 4 },
        { ...second, clientId: 5 },
      ],
    ],
    ['the end of the range', 'client', [first, { ...second, clientId: 7 }]],
    ['an entry more', 'client', [...base, { ...second, clientId: 7 }]],
    ['an entry less', 'client', [first]],
  ])('differs by %s', (_, clientId, entries) => {
    expect(toTransaction(clientId, entries).key).not.toBe(key);
  });

  it('differs for other content under the same op ids, which come back after a lost WAL tail', () => {
    const content = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.constant(null)));
    fc.assert(
      fc.property(content, content, (one, two) => {
        const keyOf = (opData: object) => toTransaction('client', [anEntry({ opData })]).key;
        expect(keyOf(one) === keyOf(two)).toBe(JSON.stringify(one) === JSON.stringify(two));
      }),
    );
  });
});

describe('toTransaction', () => {
  it('hands on the entries and the transaction id', () => {
    const entries = queued(7, 7);
    expect(toTransaction('client', entries)).toMatchObject({ transactionId: 7, entries });
  });

  it('reads a null transaction id as none, because the contract knows no null', () => {
    expect(toTransaction('client', queued(null)).transactionId).toBeUndefined();
  });

  it('takes an odd client id as it is', () => {
    expect(toTransaction('a:b-c', queued(1)).key).toMatch(/^a:b-c:1-1:[0-9a-f]{16}$/);
  });
});
