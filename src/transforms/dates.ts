import { parseNumber, refuse } from './codecs.ts';

const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)? ?(?:Z|([+-]\d\d)(?::?(\d\d))?)?)?$/;

/**
 * Dates as SQLite writes them (`2026-01-31 08:00:00`) or in ISO 8601, to ISO 8601 (`2026-01-31T08:00:00Z`), to the last
 * digit.
 *
 * Without an offset it is UTC, as for SQLite; an offset stays. A date without a time stays a date. A number is refused: use
 * {@link isoDateFromMs} or {@link isoDateFromSeconds}.
 *
 * @example
 * ```ts
 * import { columns, isoDate } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ created_at: isoDate });
 * ```
 */
export function isoDate(value: unknown): string {
  const [, date, time, seconds = ':00', hours, minutes = '00'] = DATE.exec(String(value)) ?? [];
  const iso = time ? `${date}T${time}${seconds}${hours ? `${hours}:${minutes}` : 'Z'}` : date;
  return iso && !Number.isNaN(Date.parse(iso)) ? iso : refuse('a date');
}

/**
 * Milliseconds since 1970, as `Date.now()` gives them, to ISO 8601.
 *
 * @example
 * ```ts
 * import { columns, isoDateFromMs } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ due_at: isoDateFromMs });
 * ```
 */
export function isoDateFromMs(value: unknown): string {
  const date = new Date(toNumber(value));
  return Number.isNaN(date.getTime()) ? refuse('milliseconds since 1970') : date.toISOString();
}

/**
 * Seconds since 1970, as SQLite's `unixepoch()` gives them, to ISO 8601.
 *
 * @example
 * ```ts
 * import { columns, isoDateFromSeconds } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ seen_at: isoDateFromSeconds });
 * ```
 */
export function isoDateFromSeconds(value: unknown): string {
  // Rounded: a fraction such as .123 isn't exact.
  return isoDateFromMs(Math.round(toNumber(value) * 1_000));
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : (parseNumber(value) ?? Number.NaN);
}
