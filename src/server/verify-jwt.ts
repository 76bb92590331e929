import type { CryptoKey, JSONWebKeySet, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose';
import { Unauthenticated } from './http/unauthenticated.ts';
import type { User } from './tables.ts';

/** Options of {@link verifyJwt}. */
export interface VerifyJwtOptions {
  /** Where the public keys are: the URL of a JWK Set (https, or http on localhost), or the set itself. */
  readonly jwks: string | URL | { readonly keys: readonly object[] };
  /** The token's `iss`. */
  readonly issuer: string | readonly string[];
  /** The token's `aud`: one of these. */
  readonly audience: string | readonly string[];
  /** How the tokens are signed. Never symmetric: whoever knows the public key could make tokens. @default asymmetric ones */
  readonly algorithms?: readonly string[] | undefined;
  /** Seconds that the clocks may differ. @default 10 */
  readonly clockToleranceSeconds?: number | undefined;
}

/** A user whose token was verified. */
export interface JwtUser extends User {
  /** The token's claims. */
  readonly claims: Readonly<Record<string, unknown>>;
}

const ASYMMETRIC = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/**
 * Makes an `authenticate` for tokens (JWT) in the `Authorization` header. The user is the token's `sub`. Needs the
 * package `jose`.
 *
 * If the keys can't be fetched, it throws the error of the fetch, so that the answer is 503 and the client keeps the
 * writes and its token.
 *
 * @throws TypeError if an option is missing or if `algorithms` has a symmetric one.
 *
 * @example
 * ```ts
 * import { verifyJwt } from 'powersync-backend-connector/server';
 *
 * export const authenticate = verifyJwt({
 *   jwks: 'https://auth.example.com/.well-known/jwks.json',
 *   issuer: 'https://auth.example.com',
 *   audience: 'powersync',
 * });
 * ```
 */
export function verifyJwt(options: VerifyJwtOptions): (request: Request) => Promise<JwtUser> {
  const { jwks, issuer, audience, algorithms = ASYMMETRIC, clockToleranceSeconds = 10 } = options;
  if (!jwks || !issuer?.length || !audience?.length) {
    throw new TypeError(
      'verifyJwt(): jwks, issuer and audience are needed. Without them, any token of anybody passes',
    );
  }
  const symmetric = algorithms.find((algorithm) => !ASYMMETRIC.includes(algorithm));
  if (symmetric) throw new TypeError(`verifyJwt(): algorithms must not have ${symmetric}`);
  if (algorithms.length === 0) throw new TypeError('verifyJwt(): algorithms must name one');
  const keys = checkKeys(jwks);
  const expected: JWTVerifyOptions = {
    algorithms: [...algorithms],
    issuer: typeof issuer === 'string' ? issuer : [...issuer],
    audience: typeof audience === 'string' ? audience : [...audience],
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ['sub', 'exp'],
  };
  // Not imported above: the entry must also work for apps that authenticate in another way and don't have it.
  const opened = import('jose').then((jose) => ({ jose, key: openKeys(jose, keys) }));
  opened.catch(() => {}); // Each request throws it.

  return async (request) => {
    const token = /^(?:Bearer|Token) +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    if (token === undefined) throw new Unauthenticated('There is no bearer token');
    try {
      const { jose, key } = await opened;
      const payload = await payloadOf(jose, token, key, expected);
      return { id: userId(payload.sub), claims: payload };
    } catch (error) {
      if (isAboutTheToken(error)) throw new Unauthenticated(error.message, { cause: error });
      throw error;
    }
  };
}

type Jose = typeof import('jose');

/** Verifies a token. One without a key id is checked with each key that it may be signed by. */
async function payloadOf(
  { jwtVerify }: Jose,
  token: string,
  key: JWTVerifyGetKey,
  expected: JWTVerifyOptions,
): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, key, expected)).payload;
  } catch (error) {
    if (codeOf(error) !== 'ERR_JWKS_MULTIPLE_MATCHING_KEYS') throw error;
    for await (const candidate of error as AsyncIterable<CryptoKey>) {
      try {
        return (await jwtVerify(token, candidate, expected)).payload;
      } catch (refusal) {
        if (codeOf(refusal) !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw refusal;
      }
    }
    throw new Unauthenticated('No key has signed the token', { cause: error });
  }
}

function openKeys(jose: Jose, keys: URL | JSONWebKeySet): JWTVerifyGetKey {
  return keys instanceof URL ? jose.createRemoteJWKSet(keys) : jose.createLocalJWKSet(keys);
}

function checkKeys(jwks: VerifyJwtOptions['jwks']): URL | JSONWebKeySet {
  if (typeof jwks !== 'string' && !(jwks instanceof URL)) {
    if (Array.isArray(jwks.keys)) return jwks as JSONWebKeySet;
    throw new TypeError('verifyJwt(): jwks must be a URL, or an object with keys');
  }
  if (!URL.canParse(jwks)) throw new TypeError('verifyJwt(): jwks is no URL');
  const url = new URL(jwks);
  if (url.protocol !== 'https:' && !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)) {
    throw new TypeError(
      'verifyJwt(): jwks must be an https URL, because whoever changes the keys can be any user',
    );
  }
  return url;
}

/** What passes isn't about the token: `jose` isn't installed, or keys can't be fetched or read. */
function isAboutTheToken(error: unknown): error is Error {
  if (error instanceof Unauthenticated) return true;
  const code = codeOf(error);
  return code !== undefined && /^ERR_J(OSE|W)/.test(code) && !OF_THE_KEYS.includes(code);
}

/** `jose` has the generic code for answers that aren't a key set. */
const OF_THE_KEYS: readonly string[] = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'];

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as Error & { code?: unknown }).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** Text without control characters, of a length that fits the tables, or a whole number, which becomes text. */
function userId(sub: unknown): string {
  const id = Number.isSafeInteger(sub) ? String(sub) : sub;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are refused.
  if (typeof id === 'string' && /^[^\x00-\x1f\x7f]{1,255}$/u.test(id) && id.isWellFormed()) return id;
  throw new Unauthenticated('The sub of the token is no user id');
}
