import { expect, it } from 'vitest';
import { optionChecks } from '../../src/check-options.ts';

it.each<[unknown, string]>([
  ['ten', '"ten"'],
  [10, '10'],
  [null, 'null'],
  [undefined, 'undefined'],
  [{ token: 'abc' }, 'object'],
  [() => 'abc', 'function'],
])('what is wrong is shown, but for what may hold a secret: %j', (value, shown) => {
  expect(() => optionChecks('who').wrong('size', 'small', value)).toThrow(
    new TypeError(`who: option "size" must be small; got ${shown}.`),
  );
});
