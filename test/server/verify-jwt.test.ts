import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { base64url, exportJWK, exportSPKI, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import { Unauthenticated, type VerifyJwtOptions, verifyJwt } from 'powersync-backend-connector/server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const ISSUER = 'https://auth.test';
const AUDIENCE = 'powersync';

type Pair = Awaited<ReturnType<typeof generateKeyPair>> & { kid: string; jwk: JWK };

async function pair(kid: string): Promise<Pair> {
  const keys = await generateKeyPair('RS256', { extractable: true });
  return { ...keys, kid, jwk: { ...(await exportJWK(keys.publicKey)), kid, alg: 'RS256', use: 'sig' } };
}

let ours: Pair;
let next: Pair;
let foreign: Pair;
beforeAll(async () => {
  [ours, next, foreign] = await Promise.all([pair('one'), pair('two'), pair('one')]);
});

const now = () => Math.floor(Date.now() / 1000);
const claims = (more: object = {}): JWTPayload => ({
  sub: 'ann',
  iss: ISSUER,
  aud: AUDIENCE,
  iat: now(),
  exp: now() + 300,
  ...more,
});
/** Without a key id: `kid: undefined`. */
const sign = (payload: JWTPayload = claims(), by: Pair = ours, header: object = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: by.kid, ...header }).sign(by.privateKey);
const part = (value: unknown) => base64url.encode(JSON.stringify(value));

const requestWith = (authorization?: string) =>
  new Request('https://api.test', { headers: authorization === undefined ? {} : { authorization } });
const verifier = (more: Partial<VerifyJwtOptions> = {}) =>
  verifyJwt({ jwks: { keys: [ours.jwk] }, issuer: ISSUER, audience: AUDIENCE, ...more });
const userOf = async (token: string, more?: Partial<VerifyJwtOptions>) =>
  (await verifier(more)(requestWith(`Bearer ${token}`))).id;
const refuses = (token: string, more?: Partial<VerifyJwtOptions>) =>
  expect(userOf(token, more)).rejects.toBeInstanceOf(Unauthenticated);

describe('a token', () => {
  it('of the user passes, with its claims', async () => {
    const user = await verifier()(requestWith(`Bearer ${await sign(claims({ role: 'admin' }))}`));
    expect(user).toMatchObject({ id: 'ann', claims: { role: 'admin', aud: AUDIENCE } });
    expect(await userOf(await sign(claims({ aud: ['other', AUDIENCE] })))).toBe('ann');
    expect(await userOf(await sign(), { issuer: ['x', ISSUER], audience: ['x', AUDIENCE] })).toBe('ann');
    expect((await verifier()(requestWith(`token ${await sign()}`))).id).toBe('ann');
  });

  it.each<[string, () => string | undefined]>([
    ['no header', () => undefined],
    ['an empty header', () => ''],
    ['no token', () => 'Bearer '],
    ['another scheme', () => 'Basic YW5uOmFubg=='],
    ['text', () => 'Bearer abc'],
    ['dots', () => 'Bearer ..'],
    ['broken parts', () => 'Bearer !.!.!'],
    ['two tokens', () => 'Bearer a.b.c a.b.c'],
  ])('that is %s is refused', async (_, header) => {
    await expect(verifier()(requestWith(header()))).rejects.toBeInstanceOf(Unauthenticated);
  });

  it.each<[string, object]>([
    ['expired', { exp: now() - 60 }],
    ['without an end', { exp: undefined }],
    ['with an end that is text', { exp: '9999999999' }],
    ['not yet valid', { nbf: now() + 60 }],
    ['of another audience', { aud: 'other' }],
    ['without an audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://auth.test.evil.test' }],
    ['without an issuer', { iss: undefined }],
  ])('%s is refused', async (_, more) => {
    await refuses(await sign(claims(more)));
  });

  it('may be off by the tolerance of the clocks, and by no more', async () => {
    const late = await sign(claims({ exp: now() - 5 }));
    expect(await userOf(late)).toBe('ann');
    await refuses(late, { clockToleranceSeconds: 0 });
  });

  it('with alg none, or without a signature, is refused', async () => {
    for (const alg of ['none', 'None', 'NONE', '']) {
      await refuses(`${part({ alg, kid: 'one' })}.${part(claims())}.`);
    }
    const [header, payload] = (await sign()).split('.');
    await refuses(`${header}.${payload}.`);
  });

  it('signed with the public key as a secret (HS256) is refused', async () => {
    const pem = new TextEncoder().encode(await exportSPKI(ours.publicKey));
    for (const alg of ['HS256', 'HS512']) {
      await refuses(await new SignJWT(claims()).setProtectedHeader({ alg, kid: 'one' }).sign(pem));
    }
  });

  it('that brings its own key is refused', async () => {
    const { jwk } = foreign;
    await refuses(await sign(claims(), foreign, { jwk }));
    await refuses(await sign(claims(), foreign, { jwk, kid: undefined }));
    await refuses(await sign(claims(), foreign, { jku: 'https://evil.test/jwks.json' }));
  });

  it('signed by another key, or with an unknown key id, is refused', async () => {
    await refuses(await sign(claims(), foreign));
    await refuses(await sign(claims(), next));
    await refuses(await sign(claims(), ours, { kid: 'unknown' }));
  });

  it('that was changed is refused', async () => {
    const [header, , signature] = (await sign()).split('.');
    await refuses(`${header}.${part(claims({ sub: 'bob' }))}.${signature}`);
  });

  it('with an extension that must be understood is refused', async () => {
    await refuses(`${part({ alg: 'RS256', kid: 'one', crit: ['x'], x: 1 })}.${part(claims())}.AAAA`);
  });

  it('without a key id is checked with each key', async () => {
    const jwks = { keys: [next.jwk, ours.jwk] };
    expect(await userOf(await sign(claims(), ours, { kid: undefined }), { jwks })).toBe('ann');
    await refuses(await sign(claims(), foreign, { kid: undefined }), { jwks });
    await refuses(await sign(claims({ aud: 'other' }), ours, { kid: undefined }), { jwks });
  });
});

describe('the sub of a token', () => {
  it.each<[unknown, string]>([
    [5, '5'],
    ['5', '5'],
    ['auth0|a b', 'auth0|a b'],
    ['ä😀', 'ä😀'],
    ['k'.repeat(255), 'k'.repeat(255)],
  ])('%j is a user', async (sub, id) => {
    expect(await userOf(await sign(claims({ sub })))).toBe(id);
  });

  it.each<[unknown]>([
    [true],
    [['me']],
    [{}],
    [null],
    [undefined],
    [''],
    [1.5],
    [2 ** 53],
    ['a\nb'],
    ['a\0'],
    ['\x7f'],
    ['\ud800'],
    ['k'.repeat(300)],
  ])('%j is none', async (sub) => {
    await refuses(await sign(claims({ sub })));
  });
});

describe('options', () => {
  it.each<[object, RegExp]>([
    [{ issuer: undefined }, /issuer/],
    [{ issuer: [] }, /issuer/],
    [{ audience: '' }, /audience/],
    [{ jwks: undefined }, /jwks/],
    [{ jwks: {} }, /jwks/],
    [{ jwks: 'http://auth.example.com/keys' }, /https/],
    [{ jwks: 'not a url' }, /jwks/],
    [{ algorithms: ['RS256', 'HS256'] }, /HS256/],
    [{ algorithms: ['none'] }, /none/],
    [{ algorithms: [] }, /algorithms/],
  ])('%j throws at once', (more, message) => {
    expect(() => verifier(more)).toThrow(TypeError);
    expect(() => verifier(more)).toThrow(message);
  });
});

describe('keys at a URL', () => {
  let fetched = 0;
  let answer: (response: ServerResponse) => void;
  const server = createServer((_, response) => {
    fetched++;
    answer(response);
  });
  let jwks: string;
  const serve = (...pairs: Pair[]) => {
    answer = (response) => response.end(JSON.stringify({ keys: pairs.map(({ jwk }) => jwk) }));
  };
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    fetched = 0;
    serve(ours);
  });

  it('are fetched once for several tokens at the same time', async () => {
    const verify = verifier({ jwks });
    const tokens = await Promise.all(['a', 'b', 'c', 'd'].map((sub) => sign(claims({ sub }))));
    const users = await Promise.all(tokens.map((token) => verify(requestWith(`Bearer ${token}`))));
    expect(users.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
    await verify(requestWith(`Bearer ${tokens[0]}`));
    expect(fetched).toBe(1);
  });

  it('are fetched again after a rotation, but not for each unknown key id', async () => {
    const verify = verifier({ jwks, clockToleranceSeconds: 300 });
    await verify(requestWith(`Bearer ${await sign()}`));
    serve(next);
    const rotated = requestWith(`Bearer ${await sign(claims(), next)}`);
    // Whoever sends made-up key ids can't make the server fetch more often than each 30 s.
    await expect(verify(rotated.clone())).rejects.toBeInstanceOf(Unauthenticated);
    expect(fetched).toBe(1);
    const real = Date.now;
    Date.now = () => real() + 31_000;
    try {
      expect((await verify(rotated)).id).toBe('ann');
      expect(fetched).toBe(2);
      await expect(verify(requestWith(`Bearer ${await sign()}`))).rejects.toBeInstanceOf(Unauthenticated);
    } finally {
      Date.now = real;
    }
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['answers 500', (response) => response.writeHead(500).end('{}')],
    ['answers 404', (response) => response.writeHead(404).end('{}')],
    ['redirects', (response) => response.writeHead(302, { location: 'https://evil.test' }).end()],
    ['answers HTML', (response) => response.end('<html>maintenance</html>')],
    ['answers no key set', (response) => response.end('{"error":"x"}')],
    [
      'answers a broken key',
      (response) => response.end('{"keys":[{"kid":"one","kty":"RSA","alg":"RS256","n":"!","e":"!"}]}'),
    ],
    ['breaks off', (response) => response.destroy()],
  ])('a server of keys that %s says nothing about the token, and is asked again', async (_, bad) => {
    answer = bad;
    const verify = verifier({ jwks });
    const sent = requestWith(`Bearer ${await sign()}`);
    const error = await verify(sent.clone()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(Unauthenticated);
  });

  it('a server of keys that is back is used', async () => {
    answer = (response) => response.writeHead(500).end();
    const verify = verifier({ jwks });
    const sent = requestWith(`Bearer ${await sign()}`);
    await expect(verify(sent.clone())).rejects.not.toBeInstanceOf(Unauthenticated);
    serve(ours);
    expect((await verify(sent)).id).toBe('ann');
  });

  it('a server of keys that is not there says nothing about the token', async () => {
    const verify = verifier({ jwks: 'http://127.0.0.1:1/jwks.json' });
    const error = await verify(requestWith(`Bearer ${await sign()}`)).catch((thrown: unknown) => thrown);
    expect(error).not.toBeInstanceOf(Unauthenticated);
    expect(error).toBeInstanceOf(Error);
  });
});
