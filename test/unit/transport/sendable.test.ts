import { describe, expect, it } from 'vitest';
import { carriesKind, isSendable } from '../../../src/transport/sendable.ts';

/** A promise of another library. */
class Thenable {
  // biome-ignore lint/suspicious/noThenProperty: that is what makes it one
  then() {}
}

describe.each([
  ['isSendable()', isSendable],
  ['carriesKind()', carriesKind],
])('%s', (_, takes) => {
  it.each<[string, unknown]>([
    ['text', 'undefined'],
    ['a number', 1.5],
    ['a boolean', false],
    ['null', null],
    ['a list', ['a', [1, null]]],
    ['an object', { a: { b: [true] } }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['an object of a class', new (class Point {})()],
    ['a member that is not there', { a: 1, b: undefined }],
    ['a date', new Date(0)],
    ['what says its JSON itself', { toJSON: () => 'text', blob: new Uint8Array(1) }],
    ['a bigint, of which JSON says so itself', 10n],
    // biome-ignore lint/suspicious/noThenProperty: a column
    ['a column called then', { then: '2026-01-01' }],
    ['a column called toJSON', { toJSON: 'yes' }],
    ['nothing in it', { a: {}, b: [] }],
  ])('takes %s', (_, value) => {
    expect(takes(value)).toBe(true);
    expect(takes([value])).toBe(true);
    expect(takes({ a: 1, value })).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a function', () => {}],
    ['a symbol', Symbol('x')],
    ['a promise', Promise.resolve(1)],
    ['a promise of another library', new Thenable()],
    ['a map', new Map()],
    ['a set', new Set([1])],
    ['bytes', new Uint8Array([1])],
    ['a buffer', new ArrayBuffer(1)],
    ['a blob', new Blob(['x'])],
    ['a pattern', /x/],
    ['a date that is none', new Date(Number.NaN)],
  ])('refuses %s, which JSON would make something else of', (_, value) => {
    expect(takes(value)).toBe(false);
    expect(takes(['a', value])).toBe(false);
    expect(takes({ a: 1, b: value, c: 'x' })).toBe(false);
    expect(takes({ a: { b: [value] } })).toBe(false);
  });

  it('refuses undefined, except as a member: JSON makes null of it in a list', () => {
    expect(takes(undefined)).toBe(false);
    expect(takes([undefined])).toBe(false);
    expect(takes({ a: undefined })).toBe(true);
  });
});

describe('a number that JSON makes null of', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d is not sendable, though its kind is one of JSON',
    (value) => {
      for (const each of [value, [1, value], { a: 'x', value }]) {
        expect(isSendable(each)).toBe(false);
        expect(carriesKind(each)).toBe(true);
      }
    },
  );
});
