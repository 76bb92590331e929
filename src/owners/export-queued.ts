import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { type Owner, ownerOf, readBorders } from '../queue/owner-borders.ts';
import { readQueue } from '../queue/read-queue.ts';
import { plainEntry, toTransaction } from '../queue/transaction.ts';

/** A queued transaction as plain, JSON-safe data. */
export interface ExportedTransaction {
  /** Its idempotency key. */
  readonly key: string;
  readonly transactionId?: number | undefined;
  /** Who wrote it; undefined where `setOwner()` had not been called yet. */
  readonly owner: Owner;
  readonly entries: readonly CrudEntryLike[];
}

/**
 * Reads everything that is queued, oldest first, and changes nothing. All of it is held in memory.
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
