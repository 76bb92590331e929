import type { ConnectorDatabase } from '../database/database.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/** What a transform may use. */
export interface TransformContext {
  /** The database that the entries were written to. For look-ups only, of what doesn't change between two tries. */
  readonly database: ConnectorDatabase;
}

/**
 * Transform: changes the entries of one local transaction before they are sent. Gets all of them, and returns those to
 * send, in order, or a promise of them. If it returns an empty list, the transaction leaves the queue without being
 * sent. `powersync-backend-connector/transforms` has ready-made ones, and `eachEntry()`, which makes one from a
 * function of a single entry.
 *
 * - It gets copies of the entries, so it may change them. What is queued and recorded stays as the app wrote it.
 * - It must keep the op id (`clientId`) of each entry, and add no entries.
 * - If it throws, the transaction is rejected as `invalid`, except if a look-up failed for now (SQLite is busy, the
 *   network failed): then it stays queued. Throw an `UploadError` to say otherwise (`unavailable`: not now;
 *   `schema_mismatch`: hold).
 * - It may look things up in the database, if they don't change between two tries. The idempotency key covers what is
 *   queued, so it stays the same when the content that is sent differs. But a backend that has applied the earlier
 *   content keeps that.
 * - It must not write to the database or call the connector: the upload waits for the transform, and all other uploads
 *   wait for that one.
 *
 * @example
 * ```ts
 * import { type Transform, UploadError } from 'powersync-backend-connector';
 * import { eachEntry } from 'powersync-backend-connector/transforms';
 *
 * // A local table has the address of each photo that has been uploaded.
 * export const withUrl: Transform = eachEntry(async (entry, { database }) => {
 *   const path = entry.opData?.photo_path;
 *   if (!path) return entry;
 *   const [photo] = await database.getAll<{ url: string }>('SELECT url FROM photos WHERE path = ?', [path]);
 *   if (!photo) throw new UploadError('unavailable', 'A photo is still being uploaded.');
 *   return { ...entry, opData: { ...entry.opData, photo_path: photo.url } };
 * });
 * ```
 */
export type Transform = (
  entries: readonly UploadEntry[],
  context: TransformContext,
) => readonly UploadEntry[] | Promise<readonly UploadEntry[]>;
