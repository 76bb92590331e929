/** What is read of a JWT (RFC 7519, section 4.1); times in epoch milliseconds. */
export interface JwtClaims {
  /** As text, also where it is a number. */
  readonly subject?: string;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

/** Reads the claims of a JWT, without checking anything; empty for a token that can't be read. */
export function readJwtClaims(token: string): JwtClaims {
  const { sub, iat, exp } = decodeJwt(token) ?? {};
  return {
    ...((typeof sub === 'string' || typeof sub === 'number') && { subject: String(sub) }),
    ...(typeof iat === 'number' && { issuedAt: iat * 1000 }),
    ...(typeof exp === 'number' && { expiresAt: exp * 1000 }),
  };
}

/** The payload of a JWT, of any shape, since nobody has checked it; undefined for what isn't one. */
export function decodeJwt(token: string): Record<string, unknown> | undefined {
  try {
    const payload: unknown = JSON.parse(decodeBase64Url(token.split('.')[1] ?? ''));
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// By hand: React Native has no `atob` everywhere.
function decodeBase64Url(text: string): string {
  let escaped = '';
  let bits = 0;
  let held = 0;
  for (const char of text) {
    bits = (bits << 6) | ALPHABET.indexOf(char);
    held += 6;
    if (held >= 8) {
      held -= 8;
      escaped += `%${(((bits >> held) & 0xff) + 256).toString(16).slice(1)}`;
    }
  }
  return decodeURIComponent(escaped); // as UTF-8
}
