/** Whether a number is an integer beyond `Number.MAX_SAFE_INTEGER` that fits into 64 bits: it was rounded when parsed. */
export function isRounded(value: number): boolean {
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) <= 2 ** 63;
}
