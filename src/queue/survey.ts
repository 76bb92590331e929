import type { ConnectorDatabase } from './database.ts';

/** The most that is read for a batch. One transaction is read in any case, however long it is. */
export interface Bounds {
  readonly transactions: number;
  readonly entries: number;
}

/** Where the whole transactions end that fit into the bounds, from the head of the queue on. */
export interface Survey {
  /** The op id that none of their entries is behind. What follows is none of theirs, now and for good. */
  readonly lastOpId: number;
  /** How many entries they have. */
  readonly entries: number;
  /** Whether more follow. */
  readonly haveMore: boolean;
  /** Whether owners have been written down, so that they may have different ones. */
  readonly hasOwners: boolean;
}

/**
 * Goes from transaction to transaction: neighbours with an equal id; an entry without one stands alone. `ends` has the op
 * id that each of them ends before or at, and the first one of all.
 *
 * Parameters: the op id to begin behind, the most transactions, the most entries.
 */
export const SURVEY = `WITH RECURSIVE asked(behind, transactions, entries) AS (VALUES (?, ?, ?)),
ends(n, id, first) AS (
  SELECT 0, behind, (SELECT min(id) FROM ps_crud WHERE id > behind) FROM asked
  UNION ALL
  SELECT n + 1, coalesce(
    (SELECT id - 1 FROM ps_crud WHERE id > start.id AND (tx_id IS NOT start.tx_id OR tx_id IS NULL) ORDER BY id LIMIT 1),
    (SELECT max(id) FROM ps_crud)), first
  FROM asked, ends JOIN ps_crud AS start ON start.id = (SELECT min(id) FROM ps_crud WHERE id > ends.id)
  WHERE n < transactions AND ends.id - first + 1 < entries
),
found(lastOpId) AS (SELECT max(id) FROM ends, asked WHERE n <= 1 OR id - first + 1 <= entries)
SELECT lastOpId, (SELECT count(*) FROM ps_crud WHERE id > behind AND id <= lastOpId) AS entries,
  EXISTS (SELECT 1 FROM ps_crud WHERE id > lastOpId) AS haveMore,
  EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'connector_owners') AS hasOwners
FROM found, asked`;

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
    const [found] = await database.getAll<Record<keyof Survey, unknown>>(SURVEY, [
      behind,
      transactions,
      entries,
    ]);
    const { lastOpId, entries: count, haveMore, hasOwners } = found ?? {};
    if (typeof lastOpId !== 'number' || typeof count !== 'number' || count < 1) return undefined;
    return { lastOpId, entries: count, haveMore: haveMore === 1, hasOwners: hasOwners !== 0 };
  } catch {
    return undefined;
  }
}
