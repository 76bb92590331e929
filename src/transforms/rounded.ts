/** Returns true for an integer beyond `Number.MAX_SAFE_INTEGER` that fits into 64 bits: parsing has rounded it. */
export function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= 2 ** 63;
}
