import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumnsLater } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';

/** New names by old ones, others stay; or a function that gives the new name or a promise of it, such as {@link toCamelCase}. */
export type NewNames = Readonly<Record<string, string>> | ((name: string) => string | Promise<string>);

/**
 * Renames tables. What follows in the list goes by the new names; the rejection policy sees the old ones.
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
 * Renames columns, those of `previousValues` alike. The row's `id` is none: it stays `id`. Two columns that would get one
 * name are an error, so that no value is lost.
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
