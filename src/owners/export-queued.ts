import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { type Owner, ownerOf, readBorders } from '../queue/owner-borders.ts';
import { readQueue } from '../queue/read-queue.ts';
import { plainEntry, toTransaction } from '../queue/transaction.ts';

/** A queued transaction as plain, JSON-safe data. It holds row data. */
export interface ExportedTransaction {
  /** Its idempotency key. */
  readonly key: string;
  /** The SDK's transaction id; undefined for an entry that was queued without one. */
  readonly transactionId?: number | undefined;
  /** The owner who wrote it; null if nobody was signed in, undefined if `setOwner()` had not been called yet. */
  readonly owner: Owner;
  /** The entries as they are queued, before any transform. */
  readonly entries: readonly CrudEntryLike[];
}

/**
 * Reads everything that is queued, of all owners, oldest first. Changes nothing. The whole queue is held in memory.
 *
 * @example
 * ```ts
 * import { exportQueued } from 'powersync-backend-connector/owners';
 * import type { PowerSyncDatabase } from '@powersync/web';
 *
 * export async function queueAsJson(db: PowerSyncDatabase): Promise<string> {
 *   return JSON.stringify(await exportQueued(db));
 * }
 * ```
 */
export async function exportQueued(database: ConnectorDatabase): Promise<ExportedTransaction[]> {
  const clientId = await clientIdOf(database);
  const { count } = await database.getUploadQueueStats();
  const head = await readQueue(database, { transactions: count + 1, entries: count + 1 });
  const borders = await readBorders(database);
  return (head?.transactions ?? []).map((raw) => {
    const { key, transactionId } = toTransaction(clientId, raw);
    const entries = raw.map(plainEntry);
    return { key, transactionId, owner: ownerOf(borders, raw[0]?.clientId ?? 0), entries };
  });
}
