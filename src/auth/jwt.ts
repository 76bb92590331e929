/** The times in a JWT (RFC 7519, section 4.1), in epoch milliseconds. */
export interface JwtTimes {
  readonly issuedAt?: number;
  readonly expiresAt?: number;
}

/** Reads the times in a JWT, without checking anything; empty for a token that can't be read. */
export function readJwtTimes(token: string): JwtTimes {
  try {
    const claims: { iat?: unknown; exp?: unknown } = JSON.parse(decodeBase64Url(token.split('.')[1] ?? ''));
    return {
      ...(typeof claims.iat === 'number' && { issuedAt: claims.iat * 1000 }),
      ...(typeof claims.exp === 'number' && { expiresAt: claims.exp * 1000 }),
    };
  } catch {
    return {};
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// Bytes as Latin-1 text: enough for two numbers. React Native has no `atob` everywhere.
function decodeBase64Url(text: string): string {
  let bytes = '';
  let bits = 0;
  let held = 0;
  for (const char of text) {
    bits = (bits << 6) | ALPHABET.indexOf(char);
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes += String.fromCharCode((bits >> held) & 0xff);
    }
  }
  return bytes;
}
