import { describe, expect, it } from 'vitest';
import { defaultVerdict } from '../../../src/error/codes.ts';
import { codeFromHttpStatus } from '../../../src/error/http-status.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const mayReject = (status: number) => defaultVerdict(codeFromHttpStatus(status)) === 'reject';

describe('codeFromHttpStatus', () => {
  it.each([
    [0, 'network'],
    [301, 'misconfigured'],
    [302, 'misconfigured'],
    [307, 'misconfigured'],
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'misconfigured'],
    [405, 'misconfigured'],
    [408, 'timeout'],
    [409, 'conflict'],
    [412, 'conflict'],
    [413, 'too_large'],
    [415, 'invalid'],
    [422, 'invalid'],
    [425, 'throttled'],
    [429, 'throttled'],
    [500, 'unavailable'],
    [501, 'misconfigured'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
    [507, 'unavailable'],
    [511, 'unavailable'],
  ])('reads %i as %s', (status, code) => {
    expect(codeFromHttpStatus(status)).toBe(code);
  });

  it('takes only these statuses for a fault of the write: a write that is rejected by mistake is lost work', () => {
    expect(range(0, 599).filter(mayReject)).toEqual([400, 403, 409, 412, 413, 415, 422]);
  });

  it('holds back only where app and server do not fit', () => {
    const held = range(100, 599).filter((status) => defaultVerdict(codeFromHttpStatus(status)) === 'hold');
    expect(held).toEqual([426]);
  });

  it('never calls a token in doubt for anything but 401', () => {
    expect(range(0, 599).filter((status) => codeFromHttpStatus(status) === 'unauthenticated')).toEqual([401]);
  });

  it.each(range(300, 399))('reads the redirect %i as misconfigured', (status) => {
    expect(codeFromHttpStatus(status)).toBe('misconfigured');
  });

  it('reads every 5xx as unavailable, except 501', () => {
    for (const status of range(500, 599))
      expect(codeFromHttpStatus(status)).toBe(status === 501 ? 'misconfigured' : 'unavailable');
  });

  it.each([
    ...range(100, 299),
    402,
    406,
    407,
    411,
    414,
    418,
    421,
    423,
    428,
    431,
    451,
    600,
    999,
    -1,
    Number.NaN,
  ])('does not know %i, which no contract gives a meaning, and retries it', (status) => {
    expect(codeFromHttpStatus(status)).toBe(status >= 600 ? 'unavailable' : 'unknown');
    expect(mayReject(status)).toBe(false);
  });
});
