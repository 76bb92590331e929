import { WriteRefused } from '../write-refused.ts';
import type { Column } from './database.ts';

/**
 * Turns a value of the client's SQLite (text, number, null) into one of the column. The value goes to the database as
 * text, which reads it as the column's type. What the database would read as something else, silently, is refused.
 *
 * @throws WriteRefused INVALID_DATA
 */
export function toColumnValue(column: Column, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return toColumnValue(column, value.toISOString());
  const isObject = typeof value === 'object';
  switch (column.kind) {
    case 'boolean':
      if (value === 1 || value === true || value === '1' || value === 'true') return true;
      if (value === 0 || value === false || value === '0' || value === 'false') return false;
      throw unfit(column, 'true, false, 1 or 0');
    case 'integer':
      if (typeof value === 'boolean') return Number(value);
      if (Number.isSafeInteger(value)) return value;
      if (typeof value === 'string' && /^-?\d+$/.test(value)) return value;
      throw unfit(column, 'a whole number');
    case 'number':
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      if (typeof value === 'string' && /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(value)) return value;
      throw unfit(column, 'a number');
    case 'json':
    case 'array':
      return isObject ? value : fromJson(column, value);
    case 'instant':
    case 'local-time':
      if (typeof value === 'string' && isIsoTime(value)) return value;
      throw unfit(column, 'a date and time in ISO form, such as 2026-01-31T12:00:00Z');
    case 'date':
      if (typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value)) return value;
      throw unfit(column, 'a date such as 2026-01-31');
    case 'time':
      if (typeof value === 'string' && /^\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[-+]\d{2}:?\d{2})?$/.test(value))
        return value;
      throw unfit(column, 'a time such as 12:00:00');
    default:
      if (isObject) throw unfit(column, 'text or a number');
      return typeof value === 'string' ? value : String(value);
  }
}

/**
 * Returns the text that is sent to the database for a value. JSON text is sent as it is, with all digits of its
 * numbers.
 *
 * @throws WriteRefused INVALID_DATA
 */
export function toText(column: Column, value: unknown): string | null {
  const read = toColumnValue(column, value);
  if (read === null) return null;
  if (column.kind !== 'json' && column.kind !== 'array') return String(read);
  return typeof value === 'string' ? value : JSON.stringify(read);
}

/** Returns whether the id stays as it is in a column of this kind. `007` and `7` are one whole number. */
export function isStableId(column: Column, id: string): boolean {
  if (column.kind === 'integer') return /^(0|-?[1-9]\d*)$/.test(id);
  if (column.kind === 'uuid') return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  return column.kind === 'text';
}

/** Compares a value that the client had with one of the database. */
export function isSameValue(column: Column, client: unknown, stored: unknown): boolean {
  if (client === null || client === undefined || stored === null || stored === undefined) {
    return (client ?? null) === (stored ?? null);
  }
  let value: unknown;
  try {
    value = toColumnValue(column, client);
  } catch (error) {
    if (error instanceof WriteRefused) return false;
    throw error;
  }
  switch (column.kind) {
    case 'json':
    case 'array':
      return canonicalJson(value) === canonicalJson(stored);
    case 'instant':
    case 'local-time':
      return instantOf(value) === instantOf(stored);
    case 'uuid':
      return String(value).toLowerCase() === String(stored).toLowerCase();
    case 'number':
      return Number(value) === Number(stored);
    default:
      return String(value) === String(stored);
  }
}

/** JSON with the members of each object in one order. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

/** Milliseconds since 1970 of a date and time. Text without a zone is in UTC, as the sessions of the handler are. */
export function instantOf(value: unknown): number {
  const text = String(value).replace(' ', 'T');
  const zoned = /(Z|[-+]\d{2}(:?\d{2})?)$/i.test(text.slice(10)) ? text : `${text}Z`;
  return Date.parse(zoned.replace(/([-+]\d{2})$/, '$1:00'));
}

function isIsoTime(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s?(Z|[-+]\d{2}(:?\d{2})?)?)?$/i.test(text);
}

function fromJson(column: Column, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed: unknown = JSON.parse(value);
    if (column.kind === 'json' || Array.isArray(parsed)) return parsed;
  } catch {}
  throw unfit(column, column.kind === 'json' ? 'JSON text' : 'a JSON array');
}

function unfit(column: Column, needed: string): WriteRefused {
  return new WriteRefused('INVALID_DATA', `The column ${JSON.stringify(column.name)} needs ${needed}`, {
    column: column.name,
  });
}
