// Makes and checks the tokens of the example. In a real app, your login or identity provider makes them.

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
  /** The service that a token is for. Default `powersync`. */
  audience?: string;
  /** Who made the token. Default `example-backend`. */
  issuer?: string;
  /** Default five minutes: a stolen token is soon useless, and clients fetch a new one by themselves. */
  lifetimeSeconds?: number;
  /** How far the clocks of maker and checker may differ. Default 0, because here both are one process. */
  clockToleranceSeconds?: number;
  /** Default: a new pair at each start, so that older tokens are no longer valid. */
  keys?: { publicKey: CryptoKey; privateKey: CryptoKey };
}

export interface Tokens {
  issue(userId: string, options?: { expiresInSeconds?: number }): Promise<string>;
  /** Returns the user of the token, or throws TokenRefused. */
  verify(token: string): Promise<{ sub: string }>;
  /** The public key, in the form that the PowerSync Service fetches. */
  jwks(): JSONWebKeySet;
}

/** The token isn't valid: the answer is 401. Any other error is the server's own fault, and must not become a 401. */
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
          algorithms: [ALGORITHM], // Never trust what the token says about its signature.
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
