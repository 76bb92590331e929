// Applying each uploaded transaction once, however often it arrives.
//
// A client that lost the answer to an upload can't know whether the upload was applied, so it sends it again. PUT,
// PATCH and DELETE carry absolute values, so a repeat does no harm at once; but one that arrives late would undo what
// somebody else wrote in between. Hence a key for each transaction, remembered together with its effects.

import type { Queryable } from './database.ts';

export const KEY_RETENTION_DAYS = 30;

/**
 * Remembers the key and returns true when it is new; false when this user's transaction was applied before.
 *
 * Call it in the database transaction that applies the writes. Then the key and the writes are stored both or neither:
 * a crash can't separate them, and a refused transaction leaves no key behind. Two uploads of the same key at the same
 * time are safe too: the second waits here until the first commits or rolls back.
 *
 * The whole key counts, `<client id>:<first op id>-<last op id>:<hash of the content>`. Op ids alone would not do: a
 * phone restored from a backup counts again from where the backup stood, and its new writes would be taken for old ones.
 */
export async function claimKey(transaction: Queryable, userId: string, key: string): Promise<boolean> {
  const { rows } = await transaction.query(
    'insert into applied_transactions (user_id, key) values ($1, $2) on conflict do nothing returning 1',
    [userId, key],
  );
  return rows.length > 0;
}

/** Deletes the keys that are too old to be asked for again, and returns how many there were. Run it daily. */
export async function forgetOldKeys(
  database: Queryable,
  retentionDays = KEY_RETENTION_DAYS,
): Promise<number> {
  const { rows } = await database.query(
    'delete from applied_transactions where applied_at < now() - make_interval(days => $1) returning 1',
    [retentionDays],
  );
  return rows.length;
}
