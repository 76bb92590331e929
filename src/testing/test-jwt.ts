import { optionChecks } from '../check-options.ts';

/** Options of {@link testJwt}. */
export interface TestJwtOptions {
  /**
   * Claim `sub`: the id of the user.
   *
   * @default the token has no `sub`
   */
  readonly sub?: string | undefined;
  /**
   * Time at which the token was issued (`iat`), in epoch milliseconds, rounded down to a whole second.
   *
   * @default Date.now()
   */
  readonly issuedAtMs?: number | undefined;
  /**
   * Lifetime of the token from `iat` to `exp`, in milliseconds. Negative for an expired token.
   *
   * @default 300_000 (5 minutes)
   */
  readonly expiresInMs?: number | undefined;
  /**
   * More claims. `sub`, `iat` and `exp` always come from the other options.
   *
   * @default {}
   */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Makes a JWT without a signature (`alg: none`). Code that only reads claims accepts it. A server that checks tokens
 * refuses it.
 *
 * @throws TypeError if an option is misspelt or wrong. The message names the option.
 *
 * @example
 * ```ts
 * import { fakeClock, testJwt } from 'powersync-backend-connector/testing';
 *
 * const clock = fakeClock();
 * const credentials = async () => ({ token: testJwt({ sub: 'ada', issuedAtMs: clock(), expiresInMs: 60_000 }) });
 * ```
 */
export function testJwt(options: TestJwtOptions = {}): string {
  const { object, number, noOthers, wrong } = optionChecks('testJwt');
  const {
    sub,
    issuedAtMs = Date.now(),
    expiresInMs = 300_000,
    claims = {},
    ...others
  } = object('options', options);
  noOthers('', others);
  if (sub !== undefined && typeof sub !== 'string') wrong('sub', 'a text', sub);
  number('issuedAtMs', issuedAtMs, 0);
  number('expiresInMs', expiresInMs, -Number.MAX_SAFE_INTEGER);
  const iat = Math.floor(issuedAtMs / 1000);
  return unsignedJwt({ ...object('claims', claims), sub, iat, exp: iat + Math.floor(expiresInMs / 1000) });
}

/**
 * Makes a JWT without a signature that has exactly these claims. Claims that aren't an object are allowed too, to test
 * how your code handles them.
 *
 * @example
 * ```ts
 * import { unsignedJwt } from 'powersync-backend-connector/testing';
 *
 * const withoutExpiry = unsignedJwt({ sub: 'ada', aud: 'powersync' });
 * ```
 */
export function unsignedJwt(claims: unknown): string {
  return `${base64Url({ alg: 'none', typ: 'JWT' })}.${base64Url(claims)}.`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

// Written by hand, because some versions of React Native have no `btoa`, and browsers have no `Buffer`.
function base64Url(value: unknown): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of utf8(JSON.stringify(value))) {
    bits = ((bits << 8) | byte) & 0xffff;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text += ALPHABET[(bits >> held) & 63];
    }
  }
  return held > 0 ? text + ALPHABET[(bits << (6 - held)) & 63] : text;
}

function utf8(text: string): number[] {
  const bytes = encodeURIComponent(text).match(/%..|./g) ?? [];
  return bytes.map((byte) => (byte.length === 3 ? Number.parseInt(byte.slice(1), 16) : byte.charCodeAt(0)));
}
