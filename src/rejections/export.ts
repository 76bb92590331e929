import type { ConnectorDatabase } from '../database/database.ts';
import { listRejected } from './list.ts';
import type { OwnerFilter } from './owner.ts';
import type { RejectedWrite } from './rejected-write.ts';

type Exported<Value> = Value extends Date ? string : Value extends undefined ? null : Value;

/** A {@link RejectedWrite} that JSON can hold: times as ISO 8601 text, null for what isn't known. */
export type ExportedRejectedWrite = {
  readonly [Member in keyof RejectedWrite]: Exported<RejectedWrite[Member]>;
};

/**
 * The rejected writes that {@link listRejected} lists as plain objects, for a file or a support request. They hold row
 * data.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { exportRejected } from 'powersync-backend-connector/rejections';
 *
 * export async function toFile(db: PowerSyncDatabase): Promise<Blob> {
 *   return new Blob([JSON.stringify(await exportRejected(db), null, 2)], { type: 'application/json' });
 * }
 * ```
 */
export async function exportRejected(
  database: ConnectorDatabase,
  filter?: OwnerFilter,
): Promise<ExportedRejectedWrite[]> {
  return (await listRejected(database, filter)).map((write) => ({
    ...write,
    transactionId: write.transactionId ?? null,
    entryIndex: write.entryIndex ?? null,
    status: write.status ?? null,
    details: write.details ?? null,
    // Null for a time that is none.
    rejectedAt: write.rejectedAt.toJSON(),
    notifiedAt: write.notifiedAt?.toJSON() ?? null,
  }));
}
