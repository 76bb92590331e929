import type { WritableDatabase } from './database.ts';
import { listRejected } from './list.ts';
import { isTheirs, type OwnerFilter, ownerNow } from './owner.ts';
import type { RejectedWrite } from './rejected-write.ts';

/**
 * Calls `tell` with each rejected write of the signed-in user that it was not called with before, one after another. It
 * is called once for each write, over all tabs and restarts of the app: a write is marked (`notifiedAt`) before `tell`
 * is called. It stops when somebody else signs in.
 *
 * @throws the error of `tell`. The mark of that write is then removed, and the writes behind it wait for the next call.
 * UploadError `owner_mismatch` if `filter` names an owner who isn't signed in.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { notifyRejected, watchRejected } from 'powersync-backend-connector/rejections';
 *
 * export function notify(db: PowerSyncDatabase, signal: AbortSignal): void {
 *   const tell = () => notifyRejected(db, ({ entries }) => alert(`${entries.length} changes could not be saved`));
 *   watchRejected(db, tell, { signal });
 * }
 * ```
 */
export async function notifyRejected(
  database: WritableDatabase,
  tell: (write: RejectedWrite) => unknown,
  filter?: OwnerFilter,
): Promise<void> {
  for (const write of await listRejected(database, filter)) {
    if (write.notifiedAt) continue;
    const notifiedAt = new Date();
    const marked = await database.writeTransaction(async (transaction) => {
      if (!isTheirs(await ownerNow(transaction), write)) return undefined;
      return transaction.getAll(
        'UPDATE connector_rejected_writes SET told_at = ? WHERE key = ? AND told_at IS NULL RETURNING key',
        [notifiedAt.getTime(), write.key],
      );
    });
    if (!marked) return; // Somebody else signed in.
    if (marked.length === 0) continue; // by another tab
    try {
      await tell({ ...write, notifiedAt });
    } catch (error) {
      await database.execute('UPDATE connector_rejected_writes SET told_at = NULL WHERE key = ?', [
        write.key,
      ]);
      throw error;
    }
  }
}
