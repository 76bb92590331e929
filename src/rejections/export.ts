import type { ConnectorDatabase } from '../database/database.ts';
import { listRejected } from './list.ts';
import type { OwnerFilter } from './owner.ts';
import type { RejectedWrite } from './rejected-write.ts';

type Exported<Value> = Value extends Date ? string : Value extends undefined ? null : Value;

/** A {@link RejectedWrite} as JSON-safe data: times are ISO 8601 text, unknown members are null. */
export type ExportedRejectedWrite = {
  readonly [Member in keyof RejectedWrite]: Exported<RejectedWrite[Member]>;
};

/**
 * Returns the rejected writes of the signed-in user, as {@link listRejected} does, but as JSON-safe objects: for a file
 * or a support request. They hold row data.
 *
 * @throws UploadError `owner_mismatch` if `filter` names an owner who isn't signed in.
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
    // Null for an invalid time.
    rejectedAt: write.rejectedAt.toJSON(),
    notifiedAt: write.notifiedAt?.toJSON() ?? null,
  }));
}
