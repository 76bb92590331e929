import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UploadEntry } from '../../../src/queue/transaction.ts';
import { coalesce } from '../../../src/transforms/index.ts';
import { sent, transactionOf } from './support.ts';

type Short = readonly [op: 'PUT' | 'PATCH' | 'DELETE', row: string, opData?: Record<string, unknown>];

/** `todos/a` is row `a` of table `todos`. */
function entriesOf(...short: Short[]): UploadEntry[] {
  return transactionOf(
    ...short.map(([op, row, opData]) => {
      const [table = '', id = ''] = row.split('/');
      return { op, table, id, ...(opData && { opData }) };
    }),
  );
}

function shorten({ op, table, id, opData }: UploadEntry): Short {
  return [op as Short[0], `${table}/${id}`, ...(opData ? [opData] : [])] as unknown as Short;
}

const coalesced = async (...short: Short[]) => (await sent(coalesce(), entriesOf(...short))).map(shorten);

describe('coalesce()', () => {
  it.each<[string, Short[], Short[]]>([
    [
      'a PUT and its PATCHes',
      [
        ['PUT', 't/a', { x: 1, y: 1 }],
        ['PATCH', 't/a', { y: 2 }],
        ['PATCH', 't/a', { z: null }],
      ],
      [['PUT', 't/a', { x: 1, y: 2, z: null }]],
    ],
    [
      'PATCHes',
      [
        ['PATCH', 't/a', { x: 1 }],
        ['PATCH', 't/a', { x: 2, y: 2 }],
      ],
      [['PATCH', 't/a', { x: 2, y: 2 }]],
    ],
    [
      'a PUT and its DELETE, to a DELETE: the row may be on the server from earlier',
      [
        ['PUT', 't/a', { x: 1 }],
        ['DELETE', 't/a'],
      ],
      [['DELETE', 't/a']],
    ],
    [
      'a PATCH and its DELETE',
      [
        ['PATCH', 't/a', { x: 1 }],
        ['DELETE', 't/a'],
      ],
      [['DELETE', 't/a']],
    ],
    [
      'all of a PUT, PATCHes and a DELETE',
      [
        ['PUT', 't/a', { x: 1 }],
        ['PATCH', 't/a', { x: 2 }],
        ['DELETE', 't/a'],
      ],
      [['DELETE', 't/a']],
    ],
    [
      'a PATCH into the PUT after a DELETE',
      [
        ['DELETE', 't/a'],
        ['PUT', 't/a', { x: 1 }],
        ['PATCH', 't/a', { x: 2 }],
      ],
      [
        ['DELETE', 't/a'],
        ['PUT', 't/a', { x: 2 }],
      ],
    ],
    [
      'a parent that is changed once more behind its child',
      [
        ['PUT', 'lists/l', { name: 'x' }],
        ['PUT', 'todos/t', { list_id: 'l' }],
        ['PATCH', 'lists/l', { name: 'y' }],
      ],
      [
        ['PUT', 'lists/l', { name: 'y' }],
        ['PUT', 'todos/t', { list_id: 'l' }],
      ],
    ],
    [
      'rows that were inserted, then changed',
      [
        ['PUT', 't/a', { x: 1 }],
        ['PUT', 't/b', { x: 1 }],
        ['PATCH', 't/a', { x: 2 }],
        ['PATCH', 't/b', { x: 2 }],
      ],
      [
        ['PUT', 't/a', { x: 2 }],
        ['PUT', 't/b', { x: 2 }],
      ],
    ],
    [
      'rows of one id in two tables, each for itself',
      [
        ['PUT', 't/a', { x: 1 }],
        ['PUT', 'u/a', { x: 1 }],
        ['PATCH', 't/a', { x: 2 }],
      ],
      [
        ['PUT', 't/a', { x: 2 }],
        ['PUT', 'u/a', { x: 1 }],
      ],
    ],
  ])('merges %s', async (_, before, after) => {
    expect(await coalesced(...before)).toEqual(after);
  });

  it.each<[string, Short[]]>([
    [
      'a DELETE and a PUT: a PUT alone could keep old values',
      [
        ['DELETE', 't/a'],
        ['PUT', 't/a', { x: 1 }],
      ],
    ],
    [
      'two PUTs: the second leaves out columns that are null now',
      [
        ['PUT', 't/a', { x: 1 }],
        ['PUT', 't/a', { y: 1 }],
      ],
    ],
    [
      'a PATCH and a PUT',
      [
        ['PATCH', 't/a', { x: 1 }],
        ['PUT', 't/a', { y: 1 }],
      ],
    ],
    [
      'a PATCH that refers to a row put in between',
      [
        ['PUT', 'todos/t', { text: 'x' }],
        ['PUT', 'lists/l', {}],
        ['PATCH', 'todos/t', { list_id: 'l' }],
      ],
    ],
    [
      'a PATCH that may take a value which a PATCH in between has freed',
      [
        ['PATCH', 't/a', { x: 1 }],
        ['PATCH', 't/b', { slug: 'other' }],
        ['PATCH', 't/a', { slug: 'free now' }],
      ],
    ],
    [
      'a PATCH that may take a value which a DELETE in between has freed',
      [
        ['PUT', 't/a', { x: 1 }],
        ['DELETE', 't/b'],
        ['PATCH', 't/a', { slug: 'free now' }],
      ],
    ],
    [
      'a PUT and its DELETE, where a row between refers to it',
      [
        ['PUT', 'lists/l', {}],
        ['PUT', 'todos/t', { list_id: 'l' }],
        ['PUT', 'lists/m', {}],
        ['PATCH', 'todos/t', { list_id: 'm' }],
        ['DELETE', 'lists/l'],
      ],
    ],
    [
      'a PATCH and its DELETE, where the PATCH lets go of a row that is deleted between',
      [
        ['PATCH', 'todos/t', { list_id: null }],
        ['DELETE', 'lists/l'],
        ['DELETE', 'todos/t'],
      ],
    ],
    [
      'a PATCH that may take a value which a DELETE in between has freed by a cascade',
      [
        ['PUT', 'kids/k3', { u: 3 }],
        ['DELETE', 'parents/p2'],
        ['PATCH', 'kids/k3', { u: 2 }],
      ],
    ],
    [
      'a PATCH whose row a DELETE in between may have removed, or changed, by a cascade',
      [
        ['PATCH', 'kids/k', { x: 1 }],
        ['DELETE', 'parents/p'],
        ['PATCH', 'kids/k', { parent: 'p2' }],
      ],
    ],
    [
      'a PATCH that refers to another value than the id of a row put in between',
      [
        ['PUT', 'kids/k', { x: 1 }],
        ['PUT', 'parents/p', { code: 'ABC' }],
        ['PATCH', 'kids/k', { parent_code: 'abc' }],
      ],
    ],
    [
      'a PATCH of a value that a row put in between refers to',
      [
        ['PUT', 'parents/p', { code: 'A' }],
        ['PUT', 'kids/k', { parent_code: 'A' }],
        ['PATCH', 'parents/p', { code: 'B' }],
      ],
    ],
    [
      'a PATCH across a PATCH of another table, which may cascade',
      [
        ['PATCH', 'kids/k', { x: 1 }],
        ['PATCH', 'parents/p', { code: 'B' }],
        ['PATCH', 'kids/k', { parent_code: 'C' }],
      ],
    ],
    [
      'a PATCH and its DELETE, where the PATCH may have freed a value for a row between',
      [
        ['PATCH', 't/a', { slug: 'tmp' }],
        ['PUT', 't/b', { slug: 'free now' }],
        ['DELETE', 't/a'],
      ],
    ],
  ])('leaves %s', async (_, entries) => {
    expect(await coalesced(...entries)).toEqual(entries);
  });

  it('keeps the op id of the entry at whose place the merged one stands', async () => {
    const patched = await sent(coalesce(), entriesOf(['PUT', 't/a'], ['PATCH', 't/a']));
    const deleted = await sent(coalesce(), entriesOf(['PUT', 't/a'], ['DELETE', 't/a']));
    expect([patched, deleted].map((entries) => entries.map(({ clientId }) => clientId))).toEqual([[1], [2]]);
  });

  it('keeps the oldest previous values: those the server has', async () => {
    const patches = transactionOf(
      { op: 'PATCH', id: 'a', opData: { x: 2 }, previousValues: { x: 1 } },
      { op: 'PATCH', id: 'a', opData: { x: 3, y: 2 }, previousValues: { x: 2, y: 1 } },
    );
    const [patch] = await sent(coalesce(), patches);
    expect(patch?.previousValues).toEqual({ x: 1, y: 1 });
    const [removal] = transactionOf({ op: 'DELETE', id: 'a', previousValues: { x: 3, y: 2, z: 1 } });
    const [deletion] = await sent(coalesce(), [...patches, { ...removal, clientId: 3 } as UploadEntry]);
    expect(deletion).toMatchObject({ op: 'DELETE', previousValues: { x: 1, y: 1, z: 1 } });
  });

  it('has no previous values behind a PUT: what the server had before is not known', async () => {
    const put = { op: 'PUT', id: 'a', opData: { x: 1 } };
    for (const op of ['PATCH', 'DELETE']) {
      const later = { op, id: 'a', previousValues: { x: 1 } };
      const [entry] = await sent(coalesce(), transactionOf(put, later));
      expect(entry?.previousValues).toBeUndefined();
    }
  });

  it('keeps metadata, and merges nothing where two differ', async () => {
    const metadataOf = async (...all: (string | undefined)[]) => {
      const entries = transactionOf(...all.map((metadata) => ({ op: 'PATCH', id: 'a', metadata })));
      return (await sent(coalesce(), entries)).map(({ metadata }) => metadata);
    };
    expect(await metadataOf('one', undefined)).toEqual(['one']);
    expect(await metadataOf(undefined, 'two')).toEqual(['two']);
    expect(await metadataOf('one', 'one')).toEqual(['one']);
    expect(await metadataOf('one', 'two', 'two')).toEqual(['one', 'two']);
  });

  it('may be for some tables only, which still count for the others', async () => {
    const entries = entriesOf(['PUT', 'audit_a/a'], ['PATCH', 'audit_a/a'], ['PUT', 't/a'], ['PATCH', 't/a']);
    expect((await sent(coalesce({ tables: ['t', 'x*'] }), entries)).map(shorten)).toEqual([
      ['PUT', 'audit_a/a', {}],
      ['PATCH', 'audit_a/a', {}],
      ['PUT', 't/a', {}],
    ]);
  });

  it('leaves ops it does not know', async () => {
    const ops = ['PUT', 'TOUCH', 'TOUCH', 'PATCH', 'TOUCH', 'DELETE'];
    const entries = transactionOf(...ops.map((op) => ({ op, id: 'a' })));
    expect(await sent(coalesce(), entries)).toEqual(entries);
  });

  it.each<[string, object, string]>([
    ['a misspelt option', { table: ['t'] }, 'coalesce: there is no option "table".'],
    ['an empty list of tables', { tables: [] }, 'coalesce: option "tables"'],
    ['tables that are no list', { tables: 't' }, 'coalesce: option "tables"'],
  ])('throws a TypeError for %s', (_, options, message) => {
    expect(() => coalesce(options)).toThrow(TypeError);
    expect(() => coalesce(options)).toThrow(message);
  });
});

type Row = Readonly<Record<string, unknown>>;
/** Rows by id, which begins with the table here. */
type Store = Map<string, Row>;

/** A server whose PUT replaces the row, or merges into it (an upsert). */
function apply(store: Store, { op, id, opData }: UploadEntry, upsert: boolean): void {
  const old = store.get(id);
  if (op === 'DELETE') store.delete(id);
  else if (op === 'PUT') store.set(id, { ...(upsert && old), ...opData });
  else if (old) store.set(id, { ...old, ...opData });
}

/** What a database insists on at once: values of a unique column, references to rows that are there. */
function isConsistent(store: Store): boolean {
  const rows = [...store].filter(([, { slug }]) => slug != null);
  const slugs = new Set(rows.map(([id, { slug }]) => `${id.slice(0, 1)}/${slug}`));
  const parents = [...store.values()].map(({ parent }) => parent).filter((parent) => parent != null);
  return slugs.size === rows.length && parents.every((parent) => store.has(`${parent}`));
}

const ROWS = ['t/a', 't/b', 't/c', 'u/d', 'u/e'] as const;
const columns = fc.record(
  {
    slug: fc.constantFrom('x', 'y', 'z', null),
    parent: fc.constantFrom(...ROWS, null),
    n: fc.nat(3),
  },
  { requiredKeys: [] },
);
const change = fc.record({
  op: fc.constantFrom('PUT', 'PATCH', 'DELETE'),
  row: fc.constantFrom(...ROWS),
  opData: columns,
});
const toEntry = ({ op, row, opData }: { op: string; row: string; opData: Row }) => ({
  op,
  table: row.slice(0, 1),
  id: row,
  opData: op === 'DELETE' ? undefined : opData,
});
const before = fc
  .dictionary(fc.constantFrom(...ROWS), columns)
  .map((rows) => new Map<string, Row>(Object.entries(rows)));

describe('coalesce(), of any transaction', () => {
  it.each([true, false])('leads to the same rows (PUT is an upsert: %s)', async (upsert) => {
    await fc.assert(
      fc.asyncProperty(before, fc.array(change, { maxLength: 20 }), async (rows, changes) => {
        const entries = transactionOf(...changes.map(toEntry));
        const [one, other] = [new Map(rows), new Map(rows)];
        for (const entry of entries) apply(one, entry, upsert);
        for (const entry of await sent(coalesce(), entries)) apply(other, entry, upsert);
        expect(other).toEqual(one);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is taken by a database that takes it uncoalesced, entry by entry', async () => {
    let taken = 0;
    let shorter = 0;
    await fc.assert(
      fc.asyncProperty(before, fc.array(change, { maxLength: 40 }), async (rows, changes) => {
        fc.pre(isConsistent(rows));
        // Only what the database takes: a PUT of a new row, a PATCH or DELETE of one that is there.
        const store = new Map(rows);
        const entries: UploadEntry[] = [];
        for (const entry of transactionOf(...changes.map(toEntry))) {
          if (store.has(entry.id) === (entry.op === 'PUT')) continue;
          const next = new Map(store);
          apply(next, entry, true);
          if (!isConsistent(next)) continue;
          apply(store, entry, true);
          entries.push(entry);
        }
        const merged = await sent(coalesce(), entries);
        const other = new Map(rows);
        for (const entry of merged) {
          apply(other, entry, true);
          expect(isConsistent(other)).toBe(true);
        }
        expect(other).toEqual(store);
        taken += entries.length;
        shorter += entries.length - merged.length;
      }),
      { numRuns: 5_000 },
    );
    expect(shorter).toBeGreaterThan(taken / 20); // It does merge, in such transactions.
  });
});
