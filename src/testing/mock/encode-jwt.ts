const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Makes a JWT with these claims and a signature that isn't real. */
export function encodeJwt(claims: object): string {
  return [{ alg: 'none', typ: 'JWT' }, claims, 'mock']
    .map((part) => base64Url(JSON.stringify(part)))
    .join('.');
}

// Written by hand, because some versions of React Native have no `btoa`.
function base64Url(text: string): string {
  const bytes = [...encodeURIComponent(text).matchAll(/%(..)|[^%]/g)].map(([char, hex]) =>
    hex === undefined ? char.charCodeAt(0) : Number.parseInt(hex, 16),
  );
  let encoded = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xffff;
    for (held += 8; held >= 6; held -= 6) encoded += ALPHABET[(bits >> (held - 6)) & 63];
  }
  return held > 0 ? encoded + ALPHABET[(bits << (6 - held)) & 63] : encoded;
}
