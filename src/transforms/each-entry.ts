import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transform, TransformContext } from '../transport/transform.ts';
import { isEntry, transformFailure } from '../upload/apply-transforms.ts';

/** Gets one entry, and returns the one to send, or null to drop it; or a promise of either. */
export type ChangeEntry = (
  entry: UploadEntry,
  context: TransformContext,
) => UploadEntry | null | Promise<UploadEntry | null>;

/**
 * Makes a transform from a function that gets one entry. It is called for one entry after another.
 *
 * It must keep the op id (`clientId`) of the entry. It gets a copy, so it may change it. If it throws, the transaction is
 * rejected as `invalid`, except if a look-up failed for now (SQLite is busy, the network failed). Throw an `UploadError` to say otherwise (`unavailable`: not now; `schema_mismatch`: hold).
 * It may look things up in `context.database`, but must not write there.
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
        // Nothing but null: `condition && entry` must not leave out a write unsaid.
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
