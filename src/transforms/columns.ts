import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import { isSendable } from '../transport/sendable.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumnsLater } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';

/**
 * Codec: gets the value of a column as SQLite stores it, and returns what the backend accepts, or a promise of it.
 * Throws if it can't convert the value. It isn't called for null.
 */
// biome-ignore lint/suspicious/noExplicitAny: so that a codec may name the type it expects.
export type ColumnCodec = (value: any) => unknown;

/**
 * Transform: converts the values of columns, in `previousValues` too. A codec is a function that gets the value and
 * returns a new one. Ready-made codecs are `boolean`, `json`, `isoDate`, `isoDateFromMs`, `isoDateFromSeconds`,
 * `number` and `text`. Null stays null.
 *
 * If a codec throws, the transaction is rejected, with an error that names op, table and column, but not the value. The
 * same happens if it returns something that JSON can't carry: NaN, infinite numbers, undefined, functions, maps, binary
 * data, a promise inside an object. But if this happens to a previous value, that value is sent unconverted, so that
 * the write that repairs a broken value gets through.
 *
 * @throws TypeError if a codec is not a function.
 *
 * @example
 * ```ts
 * import { boolean, columns, isoDateFromMs, json } from 'powersync-backend-connector/transforms';
 *
 * export const transform = columns({
 *   completed: boolean,
 *   tags: json,
 *   due_at: isoDateFromMs,
 *   color: (value: string) => value.toLowerCase(),
 * });
 * ```
 */
export function columns(codecs: Readonly<Record<string, ColumnCodec>>): Transform {
  const { fn, object } = optionChecks('columns');
  const known = new Map(
    Object.entries(object('codecs', codecs)).map(([name, codec]) => [name, fn(name, codec)]),
  );
  return eachEntry((entry) =>
    changeColumnsLater(entry, async (column, value, isOld) => {
      const codec = known.get(column);
      if (!codec || value == null) return [column, value];
      try {
        return [column, checked(await codec(value))];
      } catch (cause) {
        if (isUploadError(cause)) throw cause;
        if (isOld) return [column, value];
        const what = `${entry.op} of "${entry.table}": the column "${column}"`;
        throw new UploadError('invalid', `${what} could not be converted (see cause).`, { cause });
      }
    }),
  );
}

/** Throws if JSON would change or drop the value, such as undefined after a forgotten `return`. */
function checked(value: unknown): unknown {
  if (isSendable(value)) return value;
  throw ownError('A codec must return a value that JSON can carry.');
}
