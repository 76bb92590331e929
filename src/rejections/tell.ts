import type { WritableDatabase } from './database.ts';
import { listRejected } from './list.ts';
import { isTheirs, type OwnerFilter, ownerNow } from './owner.ts';
import type { RejectedWrite } from './rejected-write.ts';

/**
 * Calls `tell` with each rejected write of who is signed in that was never told, one after another. Each is told once,
 * whatever tab and however often the app starts: it is marked as told before `tell` is called. Nothing more is told once
 * somebody else signs in.
 *
 * @throws what `tell` throws; that write is then not marked, and those behind it are not told yet. UploadError
 * `owner_mismatch` if an owner is asked for who isn't signed in.
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
