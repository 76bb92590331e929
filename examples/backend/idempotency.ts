// Applies each uploaded transaction once, however often it arrives.
//
// If the answer to an upload is lost, the client can't know whether the upload was applied, so it sends it again. PUT,
// PATCH and DELETE set absolute values, so an immediate repeat does no harm. But a late one would undo what somebody
// else has written in between. So each transaction has a key, which is stored together with its effects.

import type { Queryable } from './database.ts';

export const KEY_RETENTION_DAYS = 30;

/**
 * Stores the key and returns true if it is new. Returns false if this user's transaction was already applied.
 *
 * Call it in the database transaction that applies the writes. Then either both the key and the writes are stored or
 * neither: a crash can't separate them, and a refused transaction leaves no key behind. If the same key is uploaded
 * twice at the same time, the second upload waits here until the first commits or rolls back.
 *
 * The whole key counts: `<client id>:<first op id>-<last op id>:<hash of the content>`. Op ids alone are not enough: a
 * phone that is restored from a backup counts on from the backup, and its new writes would be mistaken for old ones.
 */
export async function claimKey(transaction: Queryable, userId: string, key: string): Promise<boolean> {
  const { rows } = await transaction.query(
    'insert into applied_transactions (user_id, key) values ($1, $2) on conflict do nothing returning 1',
    [userId, key],
  );
  return rows.length > 0;
}

/** Deletes the keys that are too old to be sent again, and returns how many there were. Run it daily. */
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
