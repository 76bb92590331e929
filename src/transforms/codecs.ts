import { parseJson } from '../contract/json.ts';
import { ownError } from '../error/own-error.ts';
import { isSendable } from '../transport/sendable.ts';
import { isRounded } from './rounded.ts';

/**
 * SQLite's 0 and 1, also as text, to false and true. Anything else is refused.
 *
 * @example
 * ```ts
 * import { boolean, columns } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ completed: boolean });
 * ```
 */
export function boolean(value: unknown): boolean {
  const text = typeof value === 'object' ? '' : String(value);
  return text === '1' || text === 'true' || (text !== '0' && text !== 'false' && refuse('0 or 1'));
}

/**
 * The text of a JSON column, such as an array or an object, to what it stands for. Integers in it that are beyond
 * `Number.MAX_SAFE_INTEGER` are rounded, as `JSON.parse()` does. Text that isn't JSON is refused, and so is a number in it
 * that JavaScript takes for infinite (`1e999`), since it would be sent as null.
 *
 * @example
 * ```ts
 * import { columns, json } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ tags: json, settings: json });
 * ```
 */
export function json(value: unknown): unknown {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  return isSendable(parsed) ? parsed : refuse('valid JSON');
}

/**
 * A number to text, for backends that take exact decimals or 64-bit integers that way. Text stays.
 *
 * An integer beyond `Number.MAX_SAFE_INTEGER` is refused: the SDK has rounded it when it read the queue. Keep such numbers
 * in a text column.
 *
 * @example
 * ```ts
 * import { columns, text } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ price: text });
 * ```
 */
export function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && !isRounded(value)
    ? String(value)
    : refuse('text, or a number that is not rounded');
}

/**
 * Text to a number: an INSERT keeps the `'17'` that it was given for an integer column. Numbers stay, but for NaN and
 * infinite ones: JSON would make null of them.
 *
 * Text that is no number is refused, and so is an integer beyond `Number.MAX_SAFE_INTEGER`, which would be rounded; use
 * {@link text} for those.
 *
 * @example
 * ```ts
 * import { columns, number } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({ position: number });
 * ```
 */
export function number(value: unknown): number {
  const parsed = typeof value === 'number' ? value : parseNumber(value);
  return Number.isFinite(parsed) ? (parsed as number) : refuse('a number that is not rounded');
}

/** The number in a text; undefined where there is none, or an integer that would be rounded. */
export function parseNumber(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value)) return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) && !isRounded(parsed) ? parsed : undefined;
}

/** Throws, without quoting the value. */
export function refuse(expected: string): never {
  throw ownError(`Expected ${expected}.`);
}
