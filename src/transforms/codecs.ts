import { parseJson } from '../contract/json.ts';
import { ownError } from '../error/own-error.ts';
import { isSendable } from '../transport/sendable.ts';
import { isRounded } from './rounded.ts';

/**
 * Codec for {@link columns}: turns SQLite's 0 and 1, numbers or text, into false and true. `'false'` and `'true'` work
 * too. Any other value rejects the transaction.
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
 * Codec for {@link columns}: parses the text of a JSON column, such as an array or an object. Integers in it that are
 * beyond `Number.MAX_SAFE_INTEGER` are rounded, as `JSON.parse()` does. Text that isn't JSON rejects the transaction,
 * and so does a number in it that is infinite in JavaScript (`1e999`), because it would be sent as null.
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
 * Codec for {@link columns}: turns a number into text, for backends that take exact decimals or 64-bit integers as
 * text. Text stays as it is.
 *
 * An integer beyond `Number.MAX_SAFE_INTEGER` rejects the transaction, because the SDK rounded it when it read the
 * queue. Keep such numbers in a text column.
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
 * Codec for {@link columns}: turns text into a number. The queue has the text `'17'` if an INSERT wrote it to an
 * integer column. Numbers stay as they are.
 *
 * The transaction is rejected if text isn't a number, if a number is NaN or infinite (JSON would turn it into null),
 * and if text is an integer beyond `Number.MAX_SAFE_INTEGER`, which would be rounded: use {@link text} for those.
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

/** Returns the number in a text. Undefined if there is none, or if it is an integer that would be rounded. */
export function parseNumber(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(value)) return undefined;
  const parsed = Number(value);
  return Number.isFinite(parsed) && !isRounded(parsed) ? parsed : undefined;
}

/** Throws an error that doesn't quote the value. */
export function refuse(expected: string): never {
  throw ownError(`Expected ${expected}.`);
}
