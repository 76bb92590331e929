import type { ConnectorDatabase } from '../database/database.ts';

/** The most that is read for a batch. One transaction is read in any case, however long it is. */
export interface Bounds {
  readonly transactions: number;
  readonly entries: number;
}

/** Where the whole transactions end that fit into the bounds, from the head of the queue on. */
export interface Survey {
  /** The op id of their last entry. What follows is none of theirs, now and for good. */
  readonly lastOpId: number;
  /** How many entries they have. */
  readonly entries: number;
  /** Whether more follow. */
  readonly haveMore: boolean;
  /** Whether owners have been written down, so that they may have different ones. */
  readonly hasOwners: boolean;
  /** Whether anything was ever rejected. */
  readonly hasRejected: boolean;
}

/** Holds for the last entry of a transaction: neighbours with an equal id are one; an entry without an id stands alone. */
const ENDS =
  '(tx_id IS NULL OR tx_id IS NOT (SELECT tx_id FROM ps_crud WHERE id > entry.id ORDER BY id LIMIT 1))';

/** Where the last transaction ends of the first so many. */
const FROM_FRONT = `(SELECT max(id) FROM (SELECT id FROM ps_crud AS entry
    WHERE id > (SELECT behind FROM asked) AND id <= (SELECT id FROM bound) AND ${ENDS}
    ORDER BY id LIMIT (SELECT transactions FROM asked)))`;

/** The same without counting transactions, where there can't be more of them than entries. */
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

/** Parameters: the op id to begin behind, the most transactions, the most entries, told by their op ids. */
export const SURVEY = surveyWith(FROM_FRONT);
/** The same for bounds of at least as many transactions as entries, which is faster. */
export const SURVEY_OF_ENTRIES = surveyWith(FROM_BEHIND);

/**
 * Looks where transactions end before they are read, so that just those are read which a batch takes, once, and the SDK's
 * handle ends where the batch does.
 *
 * It reads the SDK's own table, since the SDK's API has no way to ask. Undefined where nothing is queued, and where the
 * table can't be read as expected.
 *
 * @param behind The op id to begin behind: that of what is on its way already.
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
