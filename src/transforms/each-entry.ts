import { optionChecks } from '../check-options.ts';
import { ownError } from '../error/own-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transform, TransformContext } from '../transport/transform.ts';
import { isEntry, transformFailure } from '../upload/apply-transforms.ts';

/** Changes one entry: returns another one, or null to leave it out. */
export type ChangeEntry = (
  entry: UploadEntry,
  context: TransformContext,
) => UploadEntry | null | Promise<UploadEntry | null>;

/**
 * Makes a transform of a function of one entry, which is asked for one entry after the other. What is said of a `Transform`
 * goes for it, too: it returns a copy, and keeps the op id (`clientId`).
 *
 * @param change Returns an entry, or null to leave it out; or a promise of either.
 * @throws TypeError if `change` is no function.
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
