import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, parseHttpDate, parseRetryAfter } from '../../../src/error/retry-after.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const at = (offsetMs: number) => new Date(NOW + offsetMs).toUTCString();

describe('parseRetryAfter', () => {
  it.each<[string, string | null | undefined, number | undefined]>([
    ['seconds', '120', 120_000],
    ['none to wait', '0', 0],
    ['leading zeros', '007', 7000],
    ['decimals, which some proxies send', '1.5', 1500],
    ['two decimals', '1.25', 1250],
    ['whitespace around', ' \t30 ', 30_000],
    ['more than an hour, cut to one', '86400', MAX_RETRY_AFTER_MS],
    ['a number beyond all numbers', '9'.repeat(400), MAX_RETRY_AFTER_MS],
    ['a date', at(90_000), 90_000],
    ['a date with whitespace around', `  ${at(1000)}  `, 1000],
    ['a date in the past: now', at(-60_000), 0],
    ['a date in another year, cut to an hour', at(10 ** 10), MAX_RETRY_AFTER_MS],
    ['no header', null, undefined],
    ['nothing', undefined, undefined],
    ['empty text', '', undefined],
    ['whitespace only', '  \t ', undefined],
    ['a negative number', '-5', undefined],
    ['a sign', '+5', undefined],
    ['exponents', '1e3', undefined],
    ['hexadecimal', '0x10', undefined],
    ['a unit', '5s', undefined],
    ['Infinity', 'Infinity', undefined],
    ['a list', '5, 10', undefined],
    ['a decimal comma', '1,5', undefined],
    ['digits of another script', '٣', undefined],
    ['a word', 'soon', undefined],
    ['a date that is none', 'Foo, 99 Bar 2026 99:99:99 GMT', undefined],
    ['a date without time zone, which would be read as local', '2026-01-01T12:00:30', undefined],
  ])('reads %s', (_, value, expected) => {
    expect(parseRetryAfter(value, null, NOW)).toBe(expected);
  });

  it('measures a date from the Date of the answer, since the clock of the device may be wrong', () => {
    const anHourAhead = NOW + 3_600_000;
    expect(parseRetryAfter(at(30_000), at(0), anHourAhead)).toBe(30_000);
    expect(parseRetryAfter(at(30_000), at(0), NOW - 3_600_000)).toBe(30_000);
  });

  it.each([null, undefined, '', 'garbage', 'garbage GMT', '2026-01-01'])(
    'measures a date from the own clock where Date is %j',
    (date) => {
      expect(parseRetryAfter(at(30_000), date, NOW)).toBe(30_000);
    },
  );

  it('does not let Date change a wait in seconds', () => {
    expect(parseRetryAfter('30', at(-500_000), NOW)).toBe(30_000);
  });

  it('is undefined or from 0 to an hour, whatever a server sends', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.date().map(String),
      fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
    );
    fc.assert(
      fc.property(value, fc.option(value), (header, date) => {
        const wait = parseRetryAfter(header, date, NOW);
        if (wait === undefined) return;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(MAX_RETRY_AFTER_MS);
      }),
    );
  });
});

describe('parseHttpDate', () => {
  it('reads the date of RFC 9110', () => {
    expect(parseHttpDate('Sun, 06 Nov 1994 08:49:37 GMT')).toBe(Date.UTC(1994, 10, 6, 8, 49, 37));
  });

  it.each([null, undefined, '', 'now', '1994-11-06T08:49:37Z', 'GMT', 'Sun, 06 Nov 1994 08:49:37 GMT+02'])(
    'is NaN for %j',
    (text) => {
      expect(parseHttpDate(text)).toBeNaN();
    },
  );
});
