/**
 * A 64-bit content hash of JSON texts, as 16 hexadecimal digits.
 *
 * It distinguishes two writes that got the same op id (after a restored database file, or a lost end of the WAL). So it
 * has to be fast and well spread, but not secret: two 32-bit lanes of rotate, xor and multiply over the UTF-8 of the
 * texts, four bytes at a time. The platform's encoder is faster than any loop over characters. The hash must never
 * change: a different key after an upgrade would upload a replayed write twice.
 */
export function hashTexts(texts: readonly string[]): string {
  let a = 0x243f6a88;
  let b = 0x13198a2e;
  for (const text of texts) {
    a ^= text.length;
    for (let from = 0; from < text.length; ) {
      const to = endOfPiece(text, from);
      const length = writeUtf8(to - from === text.length ? text : text.slice(from, to));
      // The last word is padded with NULs. Texts that end in NULs still differ, by their length.
      for (let i = 0; i < length; i += 4) {
        const word = words.getInt32(i, true);
        a = Math.imul(((a << 5) | (a >>> 27)) ^ word, 0x9e3779b1);
        b = Math.imul(((b << 13) | (b >>> 19)) ^ word, 0x85ebca6b);
      }
      from = to;
    }
  }
  return hex(mix(a ^ (b >>> 16))) + hex(mix(b ^ (a >>> 13)));
}

/** How many UTF-16 units are encoded at once. Changes the hash: each piece begins with a new word. */
const PIECE = 4096;
const bytes = new Uint8Array(3 * PIECE + 4);
const words = new DataView(bytes.buffer);
const encoder = typeof TextEncoder === 'undefined' ? undefined : new TextEncoder();

/** End of the piece that begins at `from`. A surrogate pair stays together: its halves alone can't be encoded. */
function endOfPiece(text: string, from: number): number {
  const end = from + PIECE;
  if (end >= text.length) return text.length;
  return (text.charCodeAt(end) & 0xfc00) === 0xdc00 ? end - 1 : end;
}

/** Writes a text to `bytes`, followed by NULs. Returns its length in bytes. */
function writeUtf8(text: string): number {
  const length = encoder?.encodeInto ? encoder.encodeInto(text, bytes).written : encodeByHand(text);
  bytes[length] = bytes[length + 1] = bytes[length + 2] = 0;
  return length;
}

/** For React Native engines and polyfills without `encodeInto()`. */
function encodeByHand(text: string): number {
  let length = 0;
  for (const character of text) {
    let code = character.codePointAt(0) as number;
    if (code < 0x80) {
      bytes[length++] = code;
      continue;
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd; // half a pair
    const more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    bytes[length++] = ((0xff << (7 - more)) & 0xff) | (code >> (6 * more));
    for (let i = more - 1; i >= 0; i--) bytes[length++] = 0x80 | ((code >> (6 * i)) & 0x3f);
  }
  return length;
}

function mix(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const HEX = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

// A lookup table, because `toString(16)` would take longer than the hash.
function hex(value: number): string {
  let text = '';
  for (let shift = 24; shift >= 0; shift -= 8) text += HEX[(value >>> shift) & 0xff];
  return text;
}
