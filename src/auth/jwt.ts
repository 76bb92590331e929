/** What is read of a JWT (RFC 7519, section 4.1); times in epoch milliseconds. */
export interface JwtClaims {
  readonly subject?: string;
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

/** Reads the claims of a JWT, without checking anything; empty for a token that can't be read. */
export function readJwtClaims(token: string): JwtClaims {
  try {
    const claims: { sub?: unknown; iat?: unknown; exp?: unknown } = JSON.parse(
      decodeBase64Url(token.split('.')[1] ?? ''),
    );
    return {
      ...(typeof claims.sub === 'string' && { subject: claims.sub }),
      ...(typeof claims.iat === 'number' && { issuedAt: claims.iat * 1000 }),
      ...(typeof claims.exp === 'number' && { expiresAt: claims.exp * 1000 }),
    };
  } catch {
    return {};
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
