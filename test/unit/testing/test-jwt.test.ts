import fc from 'fast-check';
import { decodeProtectedHeader, decodeJwt as decodeWithJose, UnsecuredJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { decodeJwt, readJwtClaims } from '../../../src/auth/jwt.ts';
import { type TestJwtOptions, testJwt, unsignedJwt } from '../../../src/testing/index.ts';

describe('unsignedJwt()', () => {
  it('is read alike by jose and by the connector, whatever its claims', () => {
    const claims = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue());
    fc.assert(
      fc.property(claims, (each) => {
        const token = unsignedJwt(each);
        const json = JSON.parse(JSON.stringify(each));
        expect(token).toMatch(/^[\w-]+\.[\w-]+\.$/);
        expect(decodeWithJose(token)).toEqual(json);
        expect(decodeJwt(token)).toEqual(json);
      }),
    );
  });

  it('says that it has no signature', () => {
    expect(decodeProtectedHeader(unsignedJwt({}))).toEqual({ alg: 'none', typ: 'JWT' });
  });

  it.each([[null], [[1, 2]], ['text']])('takes claims that are none: %j', (claims) => {
    expect(readJwtClaims(unsignedJwt(claims))).toEqual({});
  });
});

describe('testJwt()', () => {
  it('has the subject, when it was issued and when it runs out', () => {
    const token = testJwt({ sub: 'adä 🛒', issuedAtMs: 1_700_000_000_999, expiresInMs: 60_000 });
    expect(decodeWithJose(token)).toEqual({ sub: 'adä 🛒', iat: 1_700_000_000, exp: 1_700_000_060 });
    expect(readJwtClaims(token)).toEqual({
      subject: 'adä 🛒',
      issuedAt: 1_700_000_000_000,
      expiresAt: 1_700_000_060_000,
    });
  });

  it('is good for five minutes from now on, where nothing else is said', () => {
    const { payload } = UnsecuredJWT.decode(testJwt());
    expect(Number(payload.exp) - Number(payload.iat)).toBe(300);
    expect(payload.sub).toBeUndefined();
  });

  it('has further claims, and may have run out', () => {
    const token = testJwt({ claims: { aud: 'powersync' }, expiresInMs: -1_000 });
    expect(decodeWithJose(token).aud).toBe('powersync');
    expect(() => UnsecuredJWT.decode(token)).toThrow('exp');
  });

  it.each<[string, unknown]>([
    ['sub', { sub: 7 }],
    ['issuedAtMs', { issuedAtMs: '1' }],
    ['expiresInMs', { expiresInMs: Number.NaN }],
    ['claims', { claims: null }],
    ['subject', { subject: 'ada' }],
  ])('names a wrong %s', (name, options) => {
    expect(() => testJwt(options as TestJwtOptions)).toThrow(TypeError);
    expect(() => testJwt(options as TestJwtOptions)).toThrow(`"${name}"`);
  });
});
