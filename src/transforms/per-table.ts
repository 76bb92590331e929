import { optionChecks } from '../check-options.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { lookUp } from '../transport/by-table.ts';
import type { Transform } from '../transport/transform.ts';
import { applyInTurn } from '../upload/apply-transforms.ts';

/** Transforms by table name, by pattern (`'audit_*'`), and `default` for all other tables. */
export type TransformsByTable = Readonly<Record<string, Transform | readonly Transform[]>>;

const NONE: readonly Transform[] = [];

/**
 * Chooses the transforms by table: an exact name comes before a pattern, the first pattern before the next, and all before
 * `default`. Entries of a table that nothing is said of stay as they are.
 *
 * Tables go by the names they have at this place of the list: the client's, or after `renameTables()` the new ones.
 *
 * A transform gets the entries it is meant for as far as they stand next to each other, so that none moves across those of
 * other tables. What has to see the whole transaction, such as `coalesce()`, stands beside `perTable()`.
 *
 * @throws TypeError for a table whose transform is no function.
 *
 * @example
 * ```ts
 * import { boolean, columns, dropColumns, json, perTable } from 'powersync-backend-connector/transforms';
 *
 * export const transform = perTable({
 *   todos: [dropColumns('draft'), columns({ completed: boolean, tags: json })],
 *   'audit_*': () => [], // never sent
 * });
 * ```
 */
export function perTable(byTable: TransformsByTable): Transform {
  const { fn, object } = optionChecks('perTable');
  const lists: Readonly<Record<string, readonly Transform[]>> = Object.fromEntries(
    Object.entries(object('byTable', byTable)).map(([table, given]) => [
      table,
      (Array.isArray(given) ? given : [given]).map((each) => fn(table, each)),
    ]),
  );
  return async (entries, context) => {
    const runs: { readonly transforms: readonly Transform[]; readonly entries: UploadEntry[] }[] = [];
    for (const entry of entries) {
      const transforms = lookUp(lists, entry.table) ?? NONE;
      const last = runs[runs.length - 1];
      if (last?.transforms === transforms) last.entries.push(entry);
      else runs.push({ transforms, entries: [entry] });
    }
    const left: (readonly UploadEntry[])[] = [];
    for (const run of runs) left.push(await applyInTurn(run.entries, run.transforms, context));
    return left.flat();
  };
}
