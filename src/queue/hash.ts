import type { CrudEntryLike } from './database.ts';

/**
 * A 64-bit content hash of raw queue entries, as 16 hexadecimal digits.
 *
 * It tells apart two writes that got the same op id (a restored file, a lost WAL tail), so speed and spread matter and
 * secrecy does not: two 32-bit lanes of rotate, xor and multiply over the entries' JSON, two UTF-16 code units at a
 * time. It must never change: a key that differs after an upgrade would upload a replayed write twice.
 */
export function hashEntries(entries: readonly CrudEntryLike[]): string {
  let a = 0x243f6a88;
  let b = 0x13198a2e;
  for (const { op, table, id, opData, previousValues, metadata } of entries) {
    const text = JSON.stringify([op, table, id, opData, previousValues, metadata]);
    // An odd length leaves NaN for the last unit, which counts as 0; the length itself tells it from a NUL.
    a ^= text.length;
    for (let i = 0; i < text.length; i += 2) {
      const units = text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16);
      a = Math.imul(((a << 5) | (a >>> 27)) ^ units, 0x9e3779b1);
      b = Math.imul(((b << 13) | (b >>> 19)) ^ units, 0x85ebca6b);
    }
  }
  return hex(mix(a ^ (b >>> 16))) + hex(mix(b ^ (a >>> 13)));
}

function mix(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

const HEX = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

// From a table, because `toString(16)` would take longer than the hash.
function hex(value: number): string {
  let text = '';
  for (let shift = 24; shift >= 0; shift -= 8) text += HEX[(value >>> shift) & 0xff];
  return text;
}
