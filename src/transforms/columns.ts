import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import { isUploadError, UploadError } from '../error/upload-error.ts';
import { isSendable } from '../transport/sendable.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumnsLater } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';

/**
 * Turns the value of a column, as SQLite has it, into what the backend takes, or a promise of it; throws where it can't. Not
 * asked for null.
 */
// biome-ignore lint/suspicious/noExplicitAny: so that a codec may name the type it expects.
export type ColumnCodec = (value: any) => unknown;

/**
 * Converts columns, those of `previousValues` alike. A codec is a function of the value; ready ones are `boolean`, `json`,
 * `isoDate`, `isoDateFromMs`, `isoDateFromSeconds`, `number` and `text`. Null stays null.
 *
 * A value that a codec throws at rejects the transaction, with an error that names op, table and column, but not the value;
 * so does one that JSON can't carry (NaN, infinite numbers, undefined, functions, maps, binary data, a promise within). Only a previous value is sent unconverted then: the write that repairs a broken value has to get through.
 *
 * @throws TypeError for a codec that is no function.
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

/** It would be sent as something else, or not at all: a forgotten return, for one. */
function checked(value: unknown): unknown {
  if (isSendable(value)) return value;
  throw ownError('A codec must return a value that JSON can carry.');
}
