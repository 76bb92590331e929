/**
 * Whether JSON carries a value as it is: it makes null of NaN and infinite numbers, `{}` of promises and of most binary
 * data, and leaves functions out, all without a word. An undefined member of an object is one that isn't there.
 */
export function isSendable(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (Array.isArray(value)) return value.every(isSendable);
  if (typeof value !== 'object' || value === null) return !/^(undefined|function|symbol)$/.test(typeof value);
  if (value instanceof Date) return !Number.isNaN(value.getTime());
  const { toJSON, then } = value as { toJSON?: unknown; then?: unknown };
  if (typeof toJSON === 'function') return true;
  // Maps, sets, binary data; a promise of another library has a `then`.
  if (typeof then === 'function' || Object.prototype.toString.call(value) !== '[object Object]') return false;
  return Object.values(value).every((each) => each === undefined || isSendable(each));
}
