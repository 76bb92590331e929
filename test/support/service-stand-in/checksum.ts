import { createHash } from 'node:crypto';

/** A 32-bit checksum of one operation, taken from a hash of everything the operation says. */
export function operationChecksum(...parts: string[]): number {
  return createHash('sha256').update(JSON.stringify(parts)).digest().readUInt32LE(0);
}

/** Checksums of a bucket are the sum of those of its operations, wrapping at 32 bits. */
export function addChecksums(a: number, b: number): number {
  return (a + b) >>> 0;
}
