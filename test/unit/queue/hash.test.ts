import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { CrudEntryLike } from '../../../src/database/database.ts';
import { encodeEntry } from '../../../src/queue/encode-entry.ts';
import { hashTexts } from '../../../src/queue/hash.ts';
import { anEntry } from '../../support/fake-queue.ts';

const hashEntries = (entries: readonly CrudEntryLike[]) => hashTexts(entries.map(encodeEntry));

const hashOf = (members: Partial<CrudEntryLike>) => hashEntries([anEntry(members)]);

describe('the hash of entries', () => {
  // If one of these fails, the hash has changed: every app that upgrades with a write already sent and not yet completed
  // would send it again under another key. Change the hash back, not the value.
  it.each<[string, string, CrudEntryLike[]]>([
    [
      'a PUT',
      '2308306bf8ea0282',
      [
        {
          clientId: 1,
          op: 'PUT',
          table: 'lists',
          id: '6b1e',
          transactionId: 1,
          opData: { name: 'Milk run', n: 1.5 },
        },
      ],
    ],
    [
      'a PATCH with previous values, metadata and text beyond ASCII, then a DELETE',
      '4d21c063006d2b58',
      [
        {
          clientId: 2,
          op: 'PATCH',
          table: 'todos',
          id: 'ü-🥛',
          opData: { description: null },
          previousValues: { description: 'Käse 🧀' },
          metadata: 'from the phone',
        },
        { clientId: 3, op: 'DELETE', table: 'todos', id: '77aa' },
      ],
    ],
    [
      'a text that is hashed in several pieces, with an emoji where one ends',
      '7a1d8467c8c49aa0',
      [anEntry({ opData: { text: 'Käse 🧀'.repeat(2000) } })],
    ],
    ['nothing', 'e2c8c66d65d774d7', []],
  ])('never changes: %s', (_, expected, entries) => {
    expect(hashEntries(entries)).toBe(expected);
  });

  it('is 16 hexadecimal digits', () => {
    for (let i = 0; i < 2000; i++) expect(hashOf({ id: `${i}` })).toMatch(/^[0-9a-f]{16}$/);
  });

  it('covers the content only: op ids and transaction ids are elsewhere in the key', () => {
    expect(hashOf({ clientId: 9, transactionId: 9 })).toBe(hashOf({ clientId: 1, transactionId: 1 }));
  });

  it('tells one entry from the same content spread over two', () => {
    const both = [anEntry({ id: 'a' }), anEntry({ id: 'b' })];
    expect(hashEntries(both)).not.toBe(hashEntries([...both].reverse()));
    expect(hashEntries(both)).not.toBe(hashEntries(both.slice(0, 1)));
    expect(hashEntries([...both, ...both])).not.toBe(hashEntries(both));
  });

  it.each<[string, Partial<CrudEntryLike>, Partial<CrudEntryLike>]>([
    ['two emoji that share a surrogate', { id: '😀' }, { id: '😁' }],
    ['a lone high surrogate and another', { id: '\ud800' }, { id: '\ud801' }],
    ['a lone surrogate and its escape spelt out', { id: '\ud800' }, { id: '\\ud800' }],
    ['a lone surrogate and the replacement character', { id: '\ud800' }, { id: '\ufffd' }],
    ['composed and decomposed letters', { id: 'é' }, { id: 'e\u0301' }],
    ['a number and its text', { opData: { n: 1 } }, { opData: { n: '1' } }],
    ['true and 1', { opData: { n: true } }, { opData: { n: 1 } }],
    ['null and "null"', { opData: { n: null } }, { opData: { n: 'null' } }],
    ['a quote and an escaped quote', { id: '"' }, { id: '\\"' }],
    ['text that looks like the end of a field', { table: 'a', id: 'b","c' }, { table: 'a","b', id: 'c' }],
    ['a character moved from the table to the id', { table: 'ab', id: 'c' }, { table: 'a', id: 'bc' }],
    ['no metadata and empty metadata', {}, { metadata: '' }],
  ])('tells apart %s', (_, one, two) => {
    expect(hashOf(one)).not.toBe(hashOf(two));
  });

  it('tells texts apart that differ in length alone, odd or even', () => {
    const hashes = new Set(Array.from({ length: 3000 }, (_, length) => hashOf({ id: 'a'.repeat(length) })));
    expect(hashes.size).toBe(3000);
  });

  it.each(['a', '🧀'])('sees one character in a long text of %s, wherever it is', (filler) => {
    const places = [0, 1, 2000, 2040, 2041, 2042, 2043, 2044, 2045, 4000, 4090, 4091, 4092, 4093, 5000];
    const hashes = places.map((place) =>
      hashOf({ opData: { text: `${filler.repeat(place)}x${filler.repeat(5000 - place)}` } }),
    );
    expect(new Set(hashes).size).toBe(places.length);
  });

  it.each<[string, unknown]>([
    ['no TextEncoder', undefined],
    ['a TextEncoder without encodeInto()', class {}],
  ])('is the same where the platform has %s', async (_, TextEncoder) => {
    vi.resetModules();
    vi.stubGlobal('TextEncoder', TextEncoder);
    const byHand = await import('../../../src/queue/hash.ts');
    vi.unstubAllGlobals();
    const texts = fc.string({ unit: 'binary', maxLength: 40 });
    const units = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(fc.oneof(texts, units), fc.constantFrom(1, 500), (text, times) => {
        const long = text.repeat(times);
        expect(byHand.hashTexts([long])).toBe(hashTexts([long]));
      }),
      { numRuns: 500 },
    );
  });

  it('tells apart every order of the same letters', () => {
    const orders = (letters: string): string[] =>
      letters.length < 2
        ? [letters]
        : [...letters].flatMap((letter, index) =>
            orders(letters.slice(0, index) + letters.slice(index + 1)).map((rest) => letter + rest),
          );
    const all = orders('abcdefgh');
    expect(new Set(all.map((id) => hashOf({ id }))).size).toBe(all.length);
  });

  it('sees a column named __proto__, which JSON.parse makes an own one', () => {
    const read = (text: string) => hashOf({ opData: JSON.parse(text) as Record<string, unknown> });
    const plain = read('{"name":"Milk"}');
    const one = read('{"name":"Milk","__proto__":{"a":1}}');
    const two = read('{"name":"Milk","__proto__":{"a":2}}');
    expect(new Set([plain, one, two]).size).toBe(3);
  });

  describe('spreads entries that hardly differ', () => {
    const COUNT = 200_000;
    const digit = (n: number) => n.toString(36);
    const families: [string, (n: number) => CrudEntryLike][] = [
      [
        'a counter at the end of the id',
        (n) => anEntry({ id: `00000000-0000-4000-8000-${`${n}`.padStart(12, '0')}` }),
      ],
      [
        'a counter, then a long equal tail',
        (n) => anEntry({ id: digit(n), opData: { text: 'lorem ipsum '.repeat(20) } }),
      ],
      ['a number in a column', (n) => anEntry({ opData: { price: n / 100, done: 0 } })],
      ['the same number in two columns', (n) => anEntry({ opData: { a: n, b: n } })],
      ['numbers that add up to the same', (n) => anEntry({ opData: { a: n, b: COUNT - n } })],
      [
        'two code units far from ASCII',
        (n) => anEntry({ id: String.fromCharCode(0x4e00 + (n >> 8), 0xac00 + (n & 255)) }),
      ],
      [
        'an emoji and a counter',
        (n) => anEntry({ id: String.fromCodePoint(0x1f300 + (n % 1000)) + digit((n / 1000) | 0) }),
      ],
      ['a single bit at one of many places', (n) => anEntry({ metadata: n.toString(2).padStart(18, '0') })],
    ];

    it.each(families)('%s: no two of 200,000 meet, nor do the halves more often than chance', (_, make) => {
      const whole = new Set<string>();
      const halves = [new Set<string>(), new Set<string>()];
      for (let n = 0; n < COUNT; n++) {
        const hash = hashEntries([make(n)]);
        whole.add(hash);
        halves[0]?.add(hash.slice(0, 8));
        halves[1]?.add(hash.slice(8));
      }
      expect(whole.size).toBe(COUNT);
      // n²/2³³: about 5 of 200,000 random 32-bit values meet; 40 would be no chance.
      for (const half of halves) expect(COUNT - half.size).toBeLessThan(40);
    });
  });
});
