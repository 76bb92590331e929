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
  /** Whether owners have been written down, so that they may have different ones. */
  readonly hasOwners: boolean;
}

/**
 * Goes from transaction to transaction: neighbours with an equal id; an entry without one stands alone. `ends` has the op
 * id that each of them ends before or at, and the first one of the queue.
 *
 * Parameters: transactions, entries, entries.
 */
export const SURVEY = `WITH RECURSIVE ends(n, id, first) AS (
  SELECT 0, 0, min(id) FROM ps_crud
  UNION ALL
  SELECT n + 1, coalesce(
    (SELECT id - 1 FROM ps_crud WHERE id > start.id AND (tx_id IS NOT start.tx_id OR tx_id IS NULL) ORDER BY id LIMIT 1),
    (SELECT max(id) FROM ps_crud)), first
  FROM ends JOIN ps_crud AS start ON start.id = (SELECT min(id) FROM ps_crud WHERE id > ends.id)
  WHERE n < ? AND ends.id - first + 1 < ?
)
SELECT max(id) AS lastOpId, (SELECT count(*) FROM ps_crud WHERE id <= max(ends.id)) AS entries,
  EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'connector_owners') AS hasOwners
FROM ends WHERE n <= 1 OR id - first + 1 <= ?`;

/**
 * Looks where transactions end before they are read, so that just those are read which a batch takes, once, and the SDK's
 * handle ends where the batch does.
 *
 * It reads the SDK's own table, since the SDK's API has no way to ask. Undefined where that can't be read as expected.
 */
export async function surveyQueue(
  database: ConnectorDatabase,
  { transactions, entries }: Bounds,
): Promise<Survey | undefined> {
  try {
    const [found] = await database.getAll<Record<keyof Survey, unknown>>(SURVEY, [
      transactions,
      entries,
      entries,
    ]);
    const { lastOpId, entries: count, hasOwners } = found ?? {};
    if (typeof lastOpId !== 'number' || typeof count !== 'number' || count < 1) return undefined;
    return { lastOpId, entries: count, hasOwners: hasOwners !== 0 };
  } catch {
    return undefined;
  }
}
