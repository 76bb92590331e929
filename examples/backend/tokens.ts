// Makes and checks the tokens of the example. A real app has these made by its own login or identity provider.

import {
  type CryptoKey,
  errors,
  exportJWK,
  generateKeyPair,
  type JSONWebKeySet,
  jwtVerify,
  SignJWT,
} from 'jose';

export interface TokenOptions {
  /** Which service a token is meant for. Default `powersync`. */
  audience?: string;
  /** Who made the token. Default `example-backend`. */
  issuer?: string;
  /** Default five minutes: a stolen token is soon useless, and clients fetch a new one by themselves. */
  lifetimeSeconds?: number;
  /** How far the clocks of maker and checker may be apart. Default 0, since here they are one process. */
  clockToleranceSeconds?: number;
  /** Default: a new pair at every start, which ends the tokens made before. */
  keys?: { publicKey: CryptoKey; privateKey: CryptoKey };
}

export interface Tokens {
  issue(userId: string, options?: { expiresInSeconds?: number }): Promise<string>;
  /** Returns whose token it is; throws TokenRefused. */
  verify(token: string): Promise<{ sub: string }>;
  /** The public key, in the form in which the PowerSync Service fetches it. */
  jwks(): JSONWebKeySet;
}

/** The token isn't valid: answered with 401. Any other error is the server's own fault, and must not be. */
export class TokenRefused extends Error {
  override name = 'TokenRefused';
}

const ALGORITHM = 'ES256';
const KEY_ID = 'example-backend';

export async function createTokens(options: TokenOptions = {}): Promise<Tokens> {
  const {
    audience = 'powersync',
    issuer = 'example-backend',
    lifetimeSeconds = 300,
    clockToleranceSeconds = 0,
  } = options;
  const { publicKey, privateKey } = options.keys ?? (await generateKeyPair(ALGORITHM));
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), alg: ALGORITHM, use: 'sig', kid: KEY_ID }] };

  return {
    async issue(userId, { expiresInSeconds = lifetimeSeconds } = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT()
        .setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID })
        .setSubject(userId)
        .setAudience(audience)
        .setIssuer(issuer)
        .setIssuedAt(now)
        .setExpirationTime(now + expiresInSeconds)
        .sign(privateKey);
    },

    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, publicKey, {
          algorithms: [ALGORITHM], // Never take the token's word for how it is signed.
          audience,
          issuer,
          clockTolerance: clockToleranceSeconds,
          requiredClaims: ['sub', 'exp'],
        });
        if (!payload.sub) throw new TokenRefused('The token names no user');
        return { sub: payload.sub };
      } catch (error) {
        if (error instanceof errors.JOSEError) throw new TokenRefused(error.message);
        throw error;
      }
    },

    jwks: () => jwks,
  };
}
