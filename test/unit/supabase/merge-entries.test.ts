import fc from 'fast-check';
import type { UploadEntry } from 'powersync-backend-connector';
import { describe, expect, it } from 'vitest';
import type { Placed } from '../../../src/combine/send-in-order.ts';
import { mergeEntries } from '../../../src/supabase/merge-entries.ts';

function placed(entries: readonly UploadEntry[]): Placed[] {
  const transaction = { key: 'key', entries };
  return entries.map((entry) => ({ entry, transaction }));
}

/** `PUT todos 1 a,b` and the like, as the requests they travel in. */
function merged(...writes: string[]): string[][] {
  const entries = writes.map((write, index): UploadEntry => {
    const [op = '', table = '', id = '', columns] = write.split(' ');
    const opData = columns && Object.fromEntries(columns.split(',').map((column) => [column, index]));
    return { clientId: index, op, table, id, ...(opData && { opData }) };
  });
  return mergeEntries(placed(entries)).map((request) =>
    request.map(({ entry }) => writes[entry.clientId] ?? ''),
  );
}

/** How many entries each request has. */
function sizes(...writes: string[]): number[] {
  return merged(...writes).map((request) => request.length);
}

describe('what travels together', () => {
  it.each<[string, string[], number[]]>([
    ['inserts with the same columns', ['PUT t 1 a,b', 'PUT t 2 a,b'], [2]],
    ['in any order of the columns', ['PUT t 1 a,b', 'PUT t 2 b,a'], [2]],
    ['inserts without columns', ['PUT t 1', 'PUT t 2'], [2]],
    ['an id among the columns says nothing', ['PUT t 1 id,a', 'PUT t 2 a'], [2]],
    ['deletes', ['DELETE t 1', 'DELETE t 2', 'DELETE t 3'], [3]],
    ['nothing', [], []],
  ])('%s', (_, writes, expected) => {
    expect(sizes(...writes)).toEqual(expected);
  });
});

describe('what does not', () => {
  it.each<[string, string[]]>([
    ['inserts with other columns', ['PUT t 1 a', 'PUT t 2 a,b']],
    ['inserts of other tables', ['PUT t 1 a', 'PUT u 2 a']],
    ['deletes of other tables', ['DELETE t 1', 'DELETE u 2']],
    ['two writes of a row', ['PUT t 1 a', 'PUT t 1 a']],
    ['two deletes of a row', ['DELETE t 1', 'DELETE t 1']],
    ['updates', ['PATCH t 1 a', 'PATCH t 2 a']],
    ['inserts around an update', ['PUT t 1 a', 'PATCH t 9 a', 'PUT t 2 a']],
    ['an insert and a delete', ['PUT t 1', 'DELETE t 2']],
    ['deletes of ids that a url would have to quote', ['DELETE t a,b', 'DELETE t a"b', 'DELETE t (x)']],
    ['deletes of long ids', [`DELETE t ${'x'.repeat(41)}`, `DELETE t ${'y'.repeat(41)}`]],
    ['operations nobody knows', ['MERGE t 1', 'MERGE t 2']],
  ])('%s', (_, writes) => {
    expect(sizes(...writes)).toEqual(writes.map(() => 1));
  });

  it('more than a hundred', () => {
    const writes = Array.from({ length: 201 }, (_, index) => `DELETE t ${index}`);
    expect(sizes(...writes)).toEqual([100, 100, 1]);
  });
});

it('a column and a table of odd names are not taken for others', () => {
  expect(sizes('PUT t","u 1', 'PUT t 2 u')).toEqual([1, 1]);
});

it('whatever is queued: nothing is lost or reordered, and no request has a row twice', () => {
  const write = fc
    .tuple(
      fc.constantFrom('PUT', 'PATCH', 'DELETE'),
      fc.constantFrom('t', 'u'),
      fc.constantFrom('1', '2', '3', 'a,b'),
      fc.constantFrom('a', 'a,b'),
    )
    .map(([op, table, id, columns]) => `${op} ${table} ${id}${op === 'DELETE' ? '' : ` ${columns}`}`);
  fc.assert(
    fc.property(fc.array(write, { maxLength: 30 }), (writes) => {
      const requests = merged(...writes);
      expect(requests.flat()).toEqual(writes);
      for (const request of requests) {
        const rows = request.map((each) => each.split(' ').slice(1, 3).join());
        expect(new Set(rows).size).toBe(request.length);
        expect(new Set(request.map((each) => each.split(' ').slice(0, 2).join())).size).toBe(1);
      }
    }),
  );
});
