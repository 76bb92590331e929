import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Transform } from '../transport/transform.ts';
import { nameMatcher } from './name-matcher.ts';

export interface OnlyTablesOptions {
  /**
   * What becomes of entries of other tables. There is no default, since each costs something:
   *
   * - `'ignore'`: they are left out, and leave the queue with their transaction without having been sent;
   * - `'reject'`: their whole transaction is rejected (code `invalid`). As with every transform that fails, the third such
   *   transaction in a row is the last one: then the list may be wrong, and the queue waits for `resetBreaker()`;
   * - `'hold'`: the queue waits (code `schema_mismatch`), until an update of the app knows the table.
   */
  readonly others: 'ignore' | 'reject' | 'hold';
}

/**
 * Sends entries of the listed tables only.
 *
 * @param tables Names, or patterns with `*`.
 * @throws TypeError for an empty list, or an option that is missing, misspelt or unknown.
 *
 * @example
 * ```ts
 * import { onlyTables } from 'powersync-backend-connector/transforms';
 *
 * export const transform = onlyTables(['lists', 'todos', 'billing_*'], { others: 'hold' });
 * ```
 */
export function onlyTables(tables: readonly string[], options: OnlyTablesOptions): Transform {
  const { object, wrong, noOthers } = optionChecks('onlyTables');
  const isListed = nameMatcher('onlyTables', 'tables', tables);
  const { others, ...unknown } = object('options', options);
  noOthers('', unknown);
  if (!['ignore', 'reject', 'hold'].includes(others)) wrong('others', '"ignore", "reject" or "hold"', others);
  return (entries) =>
    entries.filter(({ table }) => {
      if (isListed(table)) return true;
      if (others === 'ignore') return false;
      throw new UploadError(
        others === 'hold' ? 'schema_mismatch' : 'invalid',
        `The table "${table}" is none of those that onlyTables() lets pass.`,
      );
    });
}
