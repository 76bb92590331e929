import type { ConnectorDatabase } from '../database/database.ts';

/** The most that is read for a batch. At least one transaction is read, however long it is. */
export interface Bounds {
  readonly transactions: number;
  readonly entries: number;
}

/** Describes the whole transactions from the head of the queue that fit into the bounds. */
export interface Survey {
  /** Op id of their last entry. No later entry belongs to them, and none ever will. */
  readonly lastOpId: number;
  /** Number of their entries. */
  readonly entries: number;
  /** True if more entries follow. */
  readonly haveMore: boolean;
  /** True if `setOwner()` was ever called, so that they may have different owners. */
  readonly hasOwners: boolean;
  /** True if anything was ever rejected. */
  readonly hasRejected: boolean;
}

/** True for the last entry of a transaction: neighbours with the same id; an entry without an id stands alone. */
const ENDS =
  '(tx_id IS NULL OR tx_id IS NOT (SELECT tx_id FROM ps_crud WHERE id > entry.id ORDER BY id LIMIT 1))';

/** Op id of the end of the last transaction, counting transactions from the front. */
const FROM_FRONT = `(SELECT max(id) FROM (SELECT id FROM ps_crud AS entry
    WHERE id > (SELECT behind FROM asked) AND id <= (SELECT id FROM bound) AND ${ENDS}
    ORDER BY id LIMIT (SELECT transactions FROM asked)))`;

/** The same, searched from behind and without counting: right if the bounds allow as many transactions as entries. */
const FROM_BEHIND = `(SELECT id FROM ps_crud AS entry
    WHERE id > (SELECT behind FROM asked) AND id <= (SELECT id FROM bound) AND ${ENDS} ORDER BY id DESC LIMIT 1)`;

const surveyWith = (
  lastEnd: string,
): string => `WITH asked(behind, transactions, entries) AS (VALUES (?, ?, ?)),
bound(id) AS (SELECT min(id) + entries - 1 FROM asked, ps_crud WHERE id > behind),
found(lastOpId) AS (SELECT coalesce(
  ${lastEnd},
  (SELECT id FROM ps_crud AS entry WHERE id > (SELECT behind FROM asked) AND ${ENDS} ORDER BY id LIMIT 1)
))
SELECT lastOpId, (SELECT count(*) FROM ps_crud WHERE id > behind AND id <= lastOpId) AS entries,
  EXISTS (SELECT 1 FROM ps_crud WHERE id > lastOpId) AS haveMore,
  EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'connector_owners') AS hasOwners,
  EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'connector_rejected_writes') AS hasRejected
FROM found, asked`;

/** Parameters: the op id to begin behind, the most transactions, the most entries (measured as a range of op ids). */
export const SURVEY = surveyWith(FROM_FRONT);
/** Faster. Only for bounds of at least as many transactions as entries. */
export const SURVEY_OF_ENTRIES = surveyWith(FROM_BEHIND);

/**
 * Finds out where transactions end before they are read. So only the entries of the batch are read, only once, and the
 * SDK handle ends where the batch ends.
 *
 * It reads the SDK's own table, because the SDK has no API for this. Undefined if nothing is queued, or if the table
 * isn't as expected.
 *
 * @param behind The op id to begin behind: the last one that is in flight already.
 */
export async function surveyQueue(
  database: ConnectorDatabase,
  { transactions, entries }: Bounds,
  behind = 0,
): Promise<Survey | undefined> {
  try {
    const statement = transactions < entries ? SURVEY : SURVEY_OF_ENTRIES;
    const [found] = await database.getAll<Record<keyof Survey, unknown>>(statement, [
      behind,
      transactions,
      entries,
    ]);
    const { lastOpId, entries: count, haveMore, hasOwners, hasRejected } = found ?? {};
    if (typeof lastOpId !== 'number' || typeof count !== 'number' || count < 1) return undefined;
    return {
      lastOpId,
      entries: count,
      haveMore: haveMore === 1,
      hasOwners: hasOwners !== 0,
      hasRejected: hasRejected !== 0,
    };
  } catch {
    return undefined;
  }
}
