import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Transform } from '../transport/transform.ts';
import { nameMatcher } from './name-matcher.ts';

/** Options of {@link onlyTables}. */
export interface OnlyTablesOptions {
  /**
   * Handling of entries of other tables. There is no default, because each choice has a cost:
   *
   * - `'ignore'`: they are dropped. They leave the queue with their transaction, without being sent.
   * - `'reject'`: the whole transaction is rejected (code `invalid`). As with every transform that fails, three such
   *   transactions in a row open the breaker, because the list may be wrong. Each further one is then rejected only
   *   after ten minutes, or after `resetBreaker()`.
   * - `'hold'`: the queue waits (code `schema_mismatch`) until an update of the app knows the table.
   */
  readonly others: 'ignore' | 'reject' | 'hold';
}

/**
 * Transform: sends only the entries of the listed tables.
 *
 * @param tables Names of tables, or patterns with `*`.
 * @throws TypeError for an empty list, or an option that is missing or misspelt.
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
