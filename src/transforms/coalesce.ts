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
 * Merges entries of one row within a transaction, never across transactions:
 *
 * | entries | become | at the place of the |
 * | --- | --- | --- |
 * | PUT, PATCH | PUT | PUT |
 * | PATCH, PATCH | PATCH | first |
 * | PUT, DELETE | DELETE (the row may be there from earlier) | DELETE |
 * | PATCH, DELETE | DELETE | DELETE |
 *
 * All else stays; a DELETE and a PUT too, since a PUT that the backend takes as an upsert would keep old values. Of
 * `previousValues` the oldest are kept, a PUT having none. Entries with different `metadata` are not merged.
 *
 * **Nothing is merged across an entry that may have something to do with it.** A DELETE may cascade to any row, and a PATCH
 * may free a unique value or cascade to what refers to it, so across either nothing is moved. A PUT is taken to be of a new
 * row, and foreign keys to refer to ids or texts: a PATCH is moved across the PUT of another row unless it holds the id or a
 * text of that row, or that row a text which the PATCH replaces. Before a DELETE, a PUT or PATCH stays if another row got
 * the id or a text of it since; a PATCH also if its table was written to.
 *
 * Not for a backend that takes notice of each step, in an audit log for example. A rejection names the entry that others
 * were merged into.
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
  const latest = new Map<string, number>(); // where the latest entry of a row is
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

/** What two entries have in common once they are one. */
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
