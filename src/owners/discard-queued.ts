import type { ConnectorDatabase } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { completePrefix } from '../queue/complete-prefix.ts';
import { inLane } from '../queue/lane.ts';
import { ownerOf, readBorders } from '../queue/owner-borders.ts';
import { readQueue } from '../queue/read-queue.ts';
import { startDeadline } from '../time/deadline.ts';

/** How long to wait for an upload in flight, in milliseconds. */
const TIMEOUT_MS = 60_000;

/**
 * Removes the writes of one owner from the head of the queue, for good, up to the first write of somebody else.
 * PowerSync then rolls the local rows back. Call {@link exportQueued} first if they should be kept.
 *
 * @returns the number of entries that were removed.
 * @throws UploadError `timeout` if an upload in flight doesn't end within 60 seconds. Nothing was removed then.
 *
 * @example
 * ```ts
 * import { discardQueued, exportQueued } from 'powersync-backend-connector/owners';
 * import type { PowerSyncDatabase } from '@powersync/web';
 *
 * export async function forgetWritesOf(db: PowerSyncDatabase, userId: string) {
 *   const lost = (await exportQueued(db)).filter(({ owner }) => owner === userId);
 *   await discardQueued(db, userId);
 *   return lost;
 * }
 * ```
 */
export async function discardQueued(database: ConnectorDatabase, owner: string | null): Promise<number> {
  const deadline = startDeadline(TIMEOUT_MS);
  try {
    return await inLane(await clientIdOf(database), deadline, async () => {
      let removed = 0;
      for (;;) {
        const head = await readQueue(database, { transactions: 1_000, entries: 1_000 });
        const borders = await readBorders(database); // after the queue: somebody may have signed in just now
        const transactions = head?.transactions ?? [];
        const end = transactions.findIndex(
          (entries) => ownerOf(borders, entries[0]?.clientId ?? 0) !== owner,
        );
        const theirs = end < 0 ? transactions : transactions.slice(0, end);
        if (theirs.length === 0 || !(await completePrefix(database, theirs, null))) return removed;
        removed += theirs.flat().length;
      }
    });
  } finally {
    deadline.end();
  }
}
