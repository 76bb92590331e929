import type { UploadEntry } from '../queue/transaction.ts';
import type { Transform } from '../transport/transform.ts';
import { changeColumns } from './change-columns.ts';
import { eachEntry } from './each-entry.ts';
import { nameMatcher } from './name-matcher.ts';

/**
 * Leaves out columns that only the client knows, those of `previousValues` alike. A PATCH may be empty then:
 * {@link dropEmptyPatches} follows.
 *
 * @param names Names, or patterns with `*`.
 * @throws TypeError without a name, or for one that is no text.
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
 * Leaves out a PATCH that changes nothing, as SQLite makes it of an UPDATE to the same values (unless the table has
 * `ignoreEmptyUpdates`). One with `metadata` stays: that may be what it was made for.
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
