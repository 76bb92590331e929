import type { UploadEntry } from '../queue/transaction.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';
import { nameMatcher } from './name-matcher.ts';

/**
 * Transform: drops columns from every entry, and from its `previousValues`, for example columns that only the client
 * knows. This can leave a PATCH empty, so put {@link dropEmptyPatches} after it in the list.
 *
 * @param names Names of columns, or patterns with `*`.
 * @throws TypeError if there is no name, or one that isn't text.
 *
 * @example
 * ```ts
 * import { dropColumns, dropEmptyPatches } from 'powersync-backend-connector/transforms';
 *
 * export const transform = [dropColumns('draft', 'local_*'), dropEmptyPatches()];
 * ```
 */
export function dropColumns(...names: readonly string[]): Transform {
  const isDropped = nameMatcher('dropColumns', 'names', names);
  return eachEntry((entry) =>
    changeColumns(entry, (column, value) => (isDropped(column) ? undefined : [column, value])),
  );
}

/**
 * Transform: drops a PATCH without columns. PowerSync queues one for an UPDATE that changes nothing, unless the table
 * has `ignoreEmptyUpdates`. A PATCH with `metadata` stays, because the app may have written it for its metadata.
 *
 * @example
 * ```ts
 * import { dropEmptyPatches } from 'powersync-backend-connector/transforms';
 *
 * export const transform = dropEmptyPatches();
 * ```
 */
export function dropEmptyPatches(): Transform {
  return (entries) => entries.filter((entry) => !isEmptyPatch(entry));
}

function isEmptyPatch({ op, opData, metadata }: UploadEntry): boolean {
  return op === 'PATCH' && Object.keys(opData ?? {}).length === 0 && metadata == null;
}
