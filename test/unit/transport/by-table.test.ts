import { describe, expect, it } from 'vitest';
import { fits, lookUp } from '../../../src/transport/by-table.ts';

describe('fits()', () => {
  it.each([
    ['todos', 'todos', true],
    ['todos', 'todo', false],
    ['audit_*', 'audit_log', true],
    ['audit_*', 'audit_', true],
    ['audit_*', 'my_audit_log', false],
    ['*_log', 'audit_log', true],
    ['*', 'anything', true],
    ['*', '', true],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['a*b*c', 'a-b-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['a*b*c', 'a-c', false],
    ['a*bc*c', 'abc', false],
    ['a*b*b*c', 'a-b-c', false],
    ['a*bb*bb*c', 'abbbc', false],
    ['*b*c', 'bc', true],
    ['a.c', 'abc', false],
    ['a**c', 'abc', true],
  ])('%s, %s: %s', (pattern, name, expected) => {
    expect(fits(pattern, name)).toBe(expected);
  });

  it('takes no time with many stars and nothing to find', () => {
    expect(fits(`${'*a'.repeat(200)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});

describe('lookUp()', () => {
  const table = { todos: 1, 'audit_*': 2, '*': 3, default: 4 };
  it.each([
    ['todos', 1],
    ['audit_log', 2],
    ['lists', 3],
  ])('%s: an exact name, then patterns in order', (name, expected) => {
    expect(lookUp(table, name)).toBe(expected);
  });

  it('falls back to default, or to nothing', () => {
    expect(lookUp({ todos: 1, default: 4 }, 'lists')).toBe(4);
    expect(lookUp({ todos: 1 }, 'lists')).toBeUndefined();
  });

  it('knows no inherited names', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty'])
      expect(lookUp({ todos: 1 }, name), name).toBeUndefined();
  });
});
