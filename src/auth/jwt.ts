/** The claims of a JWT that the connector uses (RFC 7519, section 4.1). Times are in epoch milliseconds. */
export interface JwtClaims {
  /** `sub`, as text even if the token has a number. */
  readonly subject?: string;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

/** Reads the claims of a JWT without verifying it. Returns no claims for a token that can't be read. */
export function readJwtClaims(token: string): JwtClaims {
  const { sub, iat, exp } = decodeJwt(token) ?? {};
  return {
    ...((typeof sub === 'string' || typeof sub === 'number') && { subject: String(sub) }),
    ...(typeof iat === 'number' && { issuedAt: iat * 1000 }),
    ...(typeof exp === 'number' && { expiresAt: exp * 1000 }),
  };
}

/** The payload of a JWT; undefined if the text isn't a JWT. Not verified, so its members may have any type. */
export function decodeJwt(token: string): Record<string, unknown> | undefined {
  try {
    const payload: unknown = JSON.parse(decodeBase64Url(token.split('.')[1] ?? ''));
    return typeof payload === 'object' && payload !== null ? (payload as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// Decoded by hand: `atob` is missing in some React Native engines.
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
