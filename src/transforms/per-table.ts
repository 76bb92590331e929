import { optionChecks } from '../check-options.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { lookUp } from '../transport/by-table.ts';
import type { Transform } from '../transport/transform.ts';
import { applyInTurn } from '../upload/apply-transforms.ts';

/** Transforms by table name, by pattern (`'audit_*'`), and `default` for all other tables. */
export type TransformsByTable = Readonly<Record<string, Transform | readonly Transform[]>>;

const NONE: readonly Transform[] = [];

/**
 * Transform: applies other transforms by table. An exact name comes before patterns, patterns are tried in their order,
 * and `default` comes last. Entries of all other tables stay as they are.
 *
 * Use the names at this point in the list of transforms: after `renameTables()`, the new ones.
 *
 * A transform gets the neighbouring entries of its tables together, so that no entry moves across entries of other
 * tables. A transform that must see the whole transaction, such as `coalesce()`, belongs in the list next to
 * `perTable()`.
 *
 * @throws TypeError if a transform is not a function.
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
