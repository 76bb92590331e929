import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import { ownError } from '../error/own-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { isSendable } from '../transport/sendable.ts';
import type { Transform } from '../transport/transform.ts';
import type { Columns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';

/**
 * Transform: adds columns to every PUT and PATCH. If an entry already has such a column, its value is replaced. An
 * empty PATCH gets the columns too, so put {@link dropEmptyPatches} before it in the list.
 *
 * A function is called for each entry on each try, so the values may differ between two tries of one write.
 *
 * @param values The columns, or a function that gets the entry and returns them. Both the columns and each value may be
 * a promise.
 * @throws TypeError if `values` is neither an object nor a function.
 *
 * @example
 * ```ts
 * import { addColumns } from 'powersync-backend-connector/transforms';
 *
 * declare const tenant: string;
 *
 * export const transform = [
 *   addColumns({ tenant_id: tenant }),
 *   addColumns(({ op }) => (op === 'PUT' ? { source: 'mobile' } : {})),
 * ];
 * ```
 */
export function addColumns(
  values: Columns | ((entry: UploadEntry) => Columns | Promise<Columns>),
): Transform {
  if (typeof values !== 'function') optionChecks('addColumns').object('values', values);
  return eachEntry(async (entry) => {
    if (entry.op === 'DELETE') return entry;
    const added: unknown = typeof values === 'function' ? await values(entry) : values;
    if (!isObject(added)) throw ownError('The function of addColumns() must return an object.');
    const opData = { ...entry.opData };
    for (const [column, value] of Object.entries(added)) {
      const here: unknown = await value;
      if (here !== undefined && !isSendable(here))
        throw ownError(`addColumns() got a value for "${column}" that JSON can't carry.`);
      opData[column] = here;
    }
    return { ...entry, opData };
  });
}
