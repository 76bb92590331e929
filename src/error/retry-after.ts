/** Longest wait that a backend can ask for, in milliseconds. A backend that needs longer can ask again. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3): seconds or a date. Returns milliseconds from now, an hour at
 * most; undefined if the header is missing or can't be read.
 *
 * A date is compared with the answer's own `Date` header if it can be read, since the device's clock may be wrong.
 */
export function parseRetryAfter(
  value: string | null | undefined,
  serverDate?: string | null,
  now: number = Date.now(),
): number | undefined {
  const text = value?.trim() ?? '';
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Number(text) * 1000
    : parseHttpDate(text) - (parseHttpDate(serverDate) || now);
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS);
}

/** Epoch milliseconds of an HTTP date; NaN if the text isn't one. */
export function parseHttpDate(text: string | null | undefined): number {
  return text && /GMT$/.test(text) ? Date.parse(text) : Number.NaN;
}
