import fc from 'fast-check';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { decodeJwt, readJwtClaims } from '../../../src/auth/jwt.ts';

describe('readJwtClaims', () => {
  it('reads both times, in milliseconds', () => {
    expect(readJwtClaims(unsignedJwt({ iat: 1_700_000_000, exp: 1_700_000_300 }))).toEqual({
      issuedAt: 1_700_000_000_000,
      expiresAt: 1_700_000_300_000,
    });
  });

  it('reads the subject, as UTF-8', () => {
    expect(readJwtClaims(unsignedJwt({ sub: 'adä 🛒' }))).toEqual({ subject: 'adä 🛒' });
  });

  it.each([
    [7, '7'],
    [0, '0'],
    [-1, '-1'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
  ])('reads a subject that is the number %d as its text', (sub, subject) => {
    expect(readJwtClaims(unsignedJwt({ sub }))).toEqual({ subject });
  });

  it('reads fractions of a second, which RFC 7519 allows', () => {
    expect(readJwtClaims(unsignedJwt({ exp: 1.5 }))).toEqual({ expiresAt: 1500 });
  });

  it.each<[string, unknown]>([
    ['no claims', {}],
    ['a subject that is true', { sub: true }],
    ['a subject that is an object', { sub: { id: 7 } }],
    ['a subject that is a list', { sub: ['ada'] }],
    ['a subject that is null', { sub: null }],
    ['times as text', { iat: '1700000000', exp: '1700000300' }],
    ['null', { iat: null, exp: null }],
    ['claims that are null', null],
    ['claims that are a list', [1, 2]],
    ['claims that are text', 'exp'],
  ])('knows nothing of a token with %s', (_, claims) => {
    expect(readJwtClaims(unsignedJwt(claims))).toEqual({});
  });

  it.each([
    '',
    '.',
    '..',
    'opaque-token',
    'a.b.c',
    'a.!!!.c',
    `a.${Buffer.from('{"exp":1').toString('base64url')}.c`,
    `a.${Buffer.from('{}garbage').toString('base64url')}.c`,
    'a.ü.c',
    'a.\ud800.c',
  ])('knows nothing of %j, and does not throw', (token) => {
    expect(readJwtClaims(token)).toEqual({});
  });

  it('reads times beside claims of any script and any length', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(fc.dictionary(text, text), fc.nat(), fc.nat(), (others, iat, exp) => {
        const times = readJwtClaims(unsignedJwt({ ...others, name: '名前 🥛 ü', iat, exp }));
        expect(times).toEqual({ issuedAt: iat * 1000, expiresAt: exp * 1000 });
      }),
    );
  });

  it('never throws, whatever the token is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (token) => {
        expect(() => readJwtClaims(token)).not.toThrow();
        expect(() => readJwtClaims(`a.${token}.c`)).not.toThrow();
      }),
    );
  });
});

describe('decodeJwt', () => {
  it('gives the payload', () => {
    expect(decodeJwt(unsignedJwt({ role: 'member' }))).toEqual({ role: 'member' });
  });

  it.each([['text'], [7], [true], [null]])('gives undefined for a payload that is %j', (payload) => {
    expect(decodeJwt(unsignedJwt(payload))).toBeUndefined();
  });
});
