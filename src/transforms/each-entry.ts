import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transform, TransformContext } from '../transport/transform.ts';
import { isEntry, transformFailure } from '../upload/apply-transforms.ts';

/** Gets one entry. Returns the entry to send, or null to drop it; or a promise of either. */
export type ChangeEntry = (
  entry: UploadEntry,
  context: TransformContext,
) => UploadEntry | null | Promise<UploadEntry | null>;

/**
 * Makes a transform from a function that changes one entry. The function is called for one entry after another.
 *
 * The function gets a copy of the entry, and may change it, but must keep its op id (`clientId`). If the function
 * throws, the transaction is rejected as `invalid`, unless a look-up failed for the time being (SQLite is busy, or the
 * network failed). Throw an `UploadError` for another code (`unavailable`: try again later; `schema_mismatch`: hold the
 * queue). The function may read from `context.database`, but must not write to it.
 *
 * @param change Gets an entry and the context. Returns the entry to send, or null to drop it; or a promise of either.
 * @throws TypeError if `change` is not a function.
 *
 * @example
 * ```ts
 * import { eachEntry } from 'powersync-backend-connector/transforms';
 *
 * export const transform = [
 *   eachEntry((entry) => (entry.metadata === 'import' ? null : entry)), // never sent
 *   eachEntry((entry) => ({ ...entry, table: `app_${entry.table}` })),
 * ];
 * ```
 */
export function eachEntry(change: ChangeEntry): Transform {
  optionChecks('eachEntry').fn('change', change);
  return async (entries, context) => {
    const left: UploadEntry[] = [];
    for (const entry of entries) {
      try {
        const changed = await change(entry, context);
        // Only null drops an entry: `condition && entry` must not drop a write by accident.
        if (changed === null) continue;
        if (!isEntry(changed)) throw ownError('The function of eachEntry() must return an entry, or null.');
        left.push(changed);
      } catch (thrown) {
        throw transformFailure([entry], thrown);
      }
    }
    return left;
  };
}
