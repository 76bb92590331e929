import { expect, it } from 'vitest';
import {
  boolean,
  isoDate,
  isoDateFromMs,
  json,
  number,
  toCamelCase,
  toSnakeCase,
} from '../../../src/transforms/index.ts';

// A pattern that tries each place anew takes a second for 20,000 characters, and a minute for 150,000.
it.each([
  ['number', number],
  ['isoDate', isoDate],
  ['isoDateFromMs', isoDateFromMs],
  ['boolean', boolean],
  ['json', json],
] as const)('%s takes any text in its stride', (_, codec) => {
  for (const part of ['1', '1.', ' ', 'e1', '2026-01-31 08:00:00.', '+', '[']) {
    const text = `${part.repeat(400_000 / part.length)}x`;
    for (const each of [text, `1.${text}`, `2026-01-31 08:00:00.${text}`]) {
      const started = performance.now();
      expect(() => codec(each)).toThrow();
      expect(performance.now() - started).toBeLessThan(1_000);
    }
  }
});

it.each([toCamelCase, toSnakeCase])('%o takes any name in its stride', (rename) => {
  const started = performance.now();
  for (const part of ['_', 'A', 'a', 'aA', '__a']) rename(`x${part.repeat(200_000)}-`);
  expect(performance.now() - started).toBeLessThan(1_000);
});
