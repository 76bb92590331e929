import { describe, expect, it } from 'vitest';
import { isGateways, saysOnlyForbidden } from '../../../src/contract/gateway.ts';
import { placeOf } from '../../../src/http/http-client.ts';
import { saysMissing } from '../../../src/http/missing-row.ts';
import { joinUrl } from '../../../src/http/row-path.ts';
import { codeFromFailureText } from '../../../src/presets/failure-text.ts';

const SIZE = 256_000;
const fill = (text: string): string => text.repeat(Math.ceil(SIZE / text.length));

/** Texts of a size that makes a quadratic pattern take minutes. */
const TEXTS = [
  ...[
    ' ',
    '/',
    'a',
    '0',
    '_',
    '{',
    '"',
    '\n',
    'not_',
    'notfound',
    'connection ',
    'connection x',
    'E',
    'econn ',
  ],
  ...[
    ' (SQL: ',
    'relation ',
    ': E11000 ',
    'insert or x on table ',
    'value "',
    "column '",
    'timed ',
    'x@',
    'ray',
    '//',
  ],
].map((text) => fill(text));
const headers = new Headers();

describe.each(TEXTS.flatMap((text) => [text, `${text}!`, `value "${text}`, `duplicate ${text}\0`]))(
  'a text of 256 kB (%#)',
  (text) => {
    const runs: [string, () => unknown][] = [
      ['codeFromFailureText()', () => codeFromFailureText(text)],
      [
        'isGateways()',
        () => isGateways({ status: 403, headers }, { message: text, error: { message: text } }),
      ],
      ['saysOnlyForbidden()', () => saysOnlyForbidden({ [text]: text, message: text })],
      [
        'saysMissing()',
        () => {
          const entry = { clientId: 1, op: 'PATCH', table: 'lists', id: text.slice(0, 40) };
          const json = { code: text, message: text, error: text, errors: [{ code: text, [text]: text }] };
          return saysMissing({ status: 404, headers, text, json }, entry);
        },
      ],
      ['joinUrl()', () => joinUrl(`https://api.test${text}`, '/x')],
      ['placeOf()', () => placeOf(`https://${text}`)],
    ];
    it('is read in no time', () => {
      for (const [name, run] of runs) {
        const startedAt = performance.now();
        run();
        expect([name, performance.now() - startedAt < 300]).toEqual([name, true]);
      }
    });
  },
);
