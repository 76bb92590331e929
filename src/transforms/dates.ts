import { parseNumber, refuse } from './codecs.ts';

// Checks month, hour, minute, second and offset, because runtimes differ in the dates that they accept.
const DATE =
  /^((\d{4})-(0[1-9]|1[0-2])-([0-3]\d))(?:[T ]((?:[01]\d|2[0-3]):[0-5]\d|24:00)(:[0-5]\d(?:\.\d+)?)? ?(?:Z|([+-](?:[01]\d|2[0-3]))(?::?([0-5]\d))?)?)?$/;

/**
 * Codec for {@link columns}: turns a date as SQLite writes it (`2026-01-31 08:00:00`) into ISO 8601
 * (`2026-01-31T08:00:00Z`). It also accepts ISO 8601. All digits of the seconds are kept.
 *
 * A time without an offset is UTC, as in SQLite. An offset is kept. A date without a time stays a date. A day that
 * doesn't exist (`2026-02-30`) rejects the transaction. So does a number: use {@link isoDateFromMs} or {@link
 * isoDateFromSeconds}.
 *
 * @example
 * ```ts
 * import { columns, isoDate } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ created_at: isoDate });
 * ```
 */
export function isoDate(value: unknown): string {
  const found = DATE.exec(String(value)) ?? [];
  const [, date, year, month, day, time, seconds = ':00', hours, minutes = '00'] = found;
  const isBehindMidnight = time === '24:00' && /[1-9]/.test(seconds);
  if (date === undefined || isBehindMidnight || !isInMonth(Number(year), Number(month), Number(day)))
    return refuse('a date');
  return time ? `${date}T${time}${seconds}${hours ? `${hours}:${minutes}` : 'Z'}` : date;
}

function isInMonth(year: number, month: number, day: number): boolean {
  // The calendar repeats every 400 years, and `Date.UTC()` takes the years 0 to 99 for 1900 to 1999.
  return new Date(Date.UTC(year + 400, month - 1, day)).getUTCDate() === day;
}

/**
 * Codec for {@link columns}: turns milliseconds since 1970, as `Date.now()` returns them, into ISO 8601.
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
 * Codec for {@link columns}: turns seconds since 1970, as SQLite's `unixepoch()` returns them, into ISO 8601.
 *
 * @example
 * ```ts
 * import { columns, isoDateFromSeconds } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ seen_at: isoDateFromSeconds });
 * ```
 */
export function isoDateFromSeconds(value: unknown): string {
  // Rounds, because a fraction such as .123 isn't exact.
  return isoDateFromMs(Math.round(toNumber(value) * 1_000));
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : (parseNumber(value) ?? Number.NaN);
}
