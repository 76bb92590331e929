import { optionChecks } from '../check-options.ts';
import type { EntryTransform } from '../options.ts';
import { lookUp } from '../transport/by-table.ts';
import { transformEntry } from '../upload/apply-transforms.ts';

/** Transforms by table name, by pattern (`'audit_*'`), and `default` for all other tables. */
export type TransformsByTable = Readonly<Record<string, EntryTransform | readonly EntryTransform[]>>;

/**
 * Chooses the transforms by table: an exact name comes before a pattern, the first pattern before the next, and all before
 * `default`. Entries of a table that nothing is said of stay as they are.
 *
 * Tables go by the names they have at this place of the list: the client's, or after `renameTables()` the new ones.
 *
 * @throws TypeError for a table whose transform is no function; `coalesce()` stands beside `perTable()`, not in it.
 *
 * @example
 * ```ts
 * import { boolean, columns, dropColumns, json, perTable } from 'powersync-backend-connector/transforms';
 *
 * export const transform = perTable({
 *   todos: [dropColumns('draft'), columns({ completed: boolean, tags: json })],
 *   'audit_*': () => null, // never sent
 * });
 * ```
 */
export function perTable(byTable: TransformsByTable): EntryTransform {
  const { fn, object } = optionChecks('perTable');
  const lists: Readonly<Record<string, readonly EntryTransform[]>> = Object.fromEntries(
    Object.entries(object('byTable', byTable)).map(([table, given]) => [
      table,
      (Array.isArray(given) ? given : [given]).map((each) => fn(table, each)),
    ]),
  );
  return (entry) => transformEntry(entry, lookUp(lists, entry.table) ?? []);
}
