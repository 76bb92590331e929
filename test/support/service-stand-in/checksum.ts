import { createHash } from 'node:crypto';

/** A 32-bit checksum of one operation, from a hash of its whole content. */
export function operationChecksum(...parts: string[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32LE(0);
}

/** The checksum of a bucket is the sum of those of its operations, modulo 2^32. */
export function addChecksums(a: number, b: number): number {
  return (a + b) >>> 0;
}
