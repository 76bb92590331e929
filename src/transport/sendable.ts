/**
 * Whether JSON carries a value as it is: it makes null of NaN and infinite numbers, `{}` of promises and of most binary
 * data, and leaves functions out, all without a word. An undefined member of an object is one that isn't there.
 */
export function isSendable(value: unknown): boolean {
  return carries(value, Number.isFinite);
}

/** The same, but for the value of a number, which a row may have brought: whether all in it is of a kind that JSON has. */
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
  // Maps, sets, binary data; a promise of another library has a `then`.
  if (typeof then === 'function' || Object.prototype.toString.call(value) !== '[object Object]') return false;
  return Object.values(value).every((each) => each === undefined || inside(each));
}
