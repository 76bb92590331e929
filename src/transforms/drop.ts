import type { EntryTransform } from '../options.ts';
import { changeColumns } from './change-columns.ts';
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
export function dropColumns(...names: readonly string[]): EntryTransform {
  const isDropped = nameMatcher('dropColumns', 'names', names);
  return (entry) =>
    changeColumns(entry, (column, value) => (isDropped(column) ? undefined : [column, value]));
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
export function dropEmptyPatches(): EntryTransform {
  return (entry) =>
    entry.op === 'PATCH' && Object.keys(entry.opData ?? {}).length === 0 && entry.metadata == null
      ? null
      : entry;
}
