import { optionChecks } from '../check-options.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transform } from '../transport/transform.ts';
import { nameMatcher } from './name-matcher.ts';
import { createTrail } from './trail.ts';

/** Options of {@link coalesce}. */
export interface CoalesceOptions {
  /**
   * Names of the tables whose entries are merged, or patterns with `*`.
   *
   * @default all tables
   */
  readonly tables?: readonly string[] | undefined;
}

/**
 * Transform: merges entries of one row within a transaction, never across transactions.
 *
 * | entries | become | in the place of |
 * | --- | --- | --- |
 * | PUT, PATCH | PUT | the PUT |
 * | PATCH, PATCH | PATCH | the first PATCH |
 * | PUT, DELETE | DELETE (the row may exist from earlier) | the DELETE |
 * | PATCH, DELETE | DELETE | the DELETE |
 *
 * Everything else stays. So does a DELETE followed by a PUT, because a PUT that is an upsert would keep old values. The
 * oldest `previousValues` are kept; a PUT has none. Entries with different `metadata` are not merged.
 *
 * **Nothing is merged across an entry that may be related.** A DELETE may cascade to any row. A PATCH may free a value
 * that must be unique, or cascade to rows that refer to it. So nothing moves across a DELETE or a PATCH. A PUT is
 * assumed to be a new row, and foreign keys are assumed to refer to ids or texts:
 *
 * - A PATCH moves across the PUT of another row, unless the PATCH holds the id or a text of that row, or that row holds
 *   a text that the PATCH replaces.
 * - A PUT or PATCH before a DELETE stays if its id or one of its texts was written into another row in between. A PATCH
 *   also stays if its table was written to, or if it sets a null.
 *
 * Don't use it if the backend reacts to each step, for example with an audit log. A rejection names the entry that the
 * others were merged into.
 *
 * @throws TypeError for a misspelt option, or an empty list of tables.
 *
 * @example
 * ```ts
 * import { coalesce } from 'powersync-backend-connector/transforms';
 *
 * export const transform = coalesce({ tables: ['todos', 'lists'] });
 * ```
 */
export function coalesce(options: CoalesceOptions = {}): Transform {
  const { tables = ['*'], ...others } = options;
  optionChecks('coalesce').noOthers('', others);
  const isMeant = nameMatcher('coalesce', 'tables', tables);
  return (entries) => mergeRows(entries, isMeant);
}

function mergeRows(
  entries: readonly UploadEntry[],
  isMeant: (table: string) => boolean,
): readonly UploadEntry[] {
  const merged: (UploadEntry | undefined)[] = [];
  const latest = new Map<string, number>(); // index of the latest entry, by row
  const trail = createTrail();
  for (const entry of entries) {
    const { op, table, id } = entry;
    const row = JSON.stringify([table, id]);
    const index = latest.get(row) ?? -1;
    const earlier = merged[index];
    let left = entry;
    if (earlier && isMeant(table) && haveOneMetadata(earlier, entry)) {
      if (op === 'PATCH' && isWritten(earlier) && trail.mayMoveTo(index, entry, earlier)) {
        merged[index] = {
          ...earlier,
          ...together(earlier, entry),
          opData: { ...earlier.opData, ...entry.opData },
        };
        trail.add(index, merged[index]);
        continue;
      }
      if (op === 'DELETE' && trail.mayDrop(index, earlier)) {
        merged[index] = undefined;
        left = { ...entry, ...together(earlier, entry) };
      }
    }
    latest.set(row, merged.length);
    trail.add(merged.length, left);
    merged.push(left);
  }
  return merged.filter((entry) => entry !== undefined);
}

function isWritten({ op }: UploadEntry): boolean {
  return op === 'PUT' || op === 'PATCH';
}

function haveOneMetadata(earlier: UploadEntry, { metadata }: UploadEntry): boolean {
  return metadata == null || earlier.metadata == null || metadata === earlier.metadata;
}

/** The metadata and previous values of a merged entry. */
function together(
  earlier: UploadEntry,
  later: UploadEntry,
): Pick<UploadEntry, 'metadata' | 'previousValues'> {
  const isTracked = earlier.op !== 'PUT' && (earlier.previousValues ?? later.previousValues);
  return {
    metadata: later.metadata ?? earlier.metadata,
    previousValues: isTracked ? { ...later.previousValues, ...earlier.previousValues } : undefined,
  };
}
