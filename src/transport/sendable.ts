/**
 * Whether JSON can hold a value unchanged. JSON silently turns NaN and infinite numbers into null, promises and most
 * binary data into `{}`, and drops functions. An undefined member of an object counts as missing.
 */
export function isSendable(value: unknown): boolean {
  return carries(value, Number.isFinite);
}

/** Like `isSendable()`, but allows NaN and infinite numbers, since the row itself may hold them. */
export function carriesKind(value: unknown): boolean {
  return carries(value, () => true);
}

function carries(value: unknown, takes: (number: number) => boolean): boolean {
  if (typeof value === 'number') return takes(value);
  if (typeof value !== 'object' || value === null) return !/undefined|function|symbol/.test(typeof value);
  const inside = (each: unknown): boolean => carries(each, takes);
  if (Array.isArray(value)) return value.every(inside);
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  const { toJSON, then } = value as { toJSON?: unknown; then?: unknown };
  if (typeof toJSON === 'function') return true;
  // Excludes maps, sets and binary data. A promise of another library has a `then`.
  if (typeof then === 'function' || Object.prototype.toString.call(value) !== '[object Object]') return false;
  return Object.values(value).every((each) => each === undefined || inside(each));
}
