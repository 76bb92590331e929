import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumnsLater } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';

/**
 * New names by old names; names that aren't listed stay. Or a function that gets the old name and returns the new one,
 * or a promise of it, such as {@link toCamelCase}.
 */
export type NewNames = Readonly<Record<string, string>> | ((name: string) => string | Promise<string>);

/**
 * Transform: renames tables. Transforms that come after it in the list see the new names. The rejection policy sees the
 * old ones.
 *
 * @throws TypeError if `names` is neither an object with texts nor a function.
 *
 * @example
 * ```ts
 * import { renameTables } from 'powersync-backend-connector/transforms';
 *
 * export const transform = renameTables({ todos: 'todo_items' });
 * ```
 */
export function renameTables(names: NewNames): Transform {
  const rename = renamer('renameTables', names);
  return eachEntry(async (entry) => ({ ...entry, table: await rename(entry.table) }));
}

/**
 * Transform: renames columns, in `previousValues` too. The `id` of the row isn't a column, and stays `id`. If two
 * columns would get the same name, the transaction is rejected, so that no value is lost.
 *
 * @throws TypeError if `names` is neither an object with texts nor a function.
 *
 * @example
 * ```ts
 * import { renameColumns, toCamelCase } from 'powersync-backend-connector/transforms';
 *
 * export const transform = renameColumns(toCamelCase); // list_id → listId
 * ```
 */
export function renameColumns(names: NewNames): Transform {
  const rename = renamer('renameColumns', names);
  return eachEntry((entry) =>
    changeColumnsLater(entry, async (column, value) => [await rename(column), value]),
  );
}

function renamer(who: string, names: NewNames): (name: string) => string | Promise<string> {
  const { object, wrong } = optionChecks(who);
  const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
  if (typeof names === 'function') {
    return async (old) => {
      const name: unknown = await names(old);
      if (isName(name)) return name;
      throw ownError(`${who}(): there is no new name for "${old}".`);
    };
  }
  const known = new Map(Object.entries(object('names', names)));
  for (const [old, name] of known) if (!isName(name)) wrong(old, 'a name', name);
  return (old) => known.get(old) ?? old;
}
