import type { ConnectorDatabase } from '../database/database.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/** What a transform may use. */
export interface TransformContext {
  /** What it may look things up in, as far as they stay the same: see {@link Transform}. */
  readonly database: ConnectorDatabase;
}

/**
 * Changes the entries of one transaction before they are sent: returns those to send, in order; none, and the transaction
 * leaves the queue without a request. `eachEntry()` of `powersync-backend-connector/transforms` makes one of a function of
 * one entry, and ready ones are there, too.
 *
 * It must not change the entries it gets, which may still be recorded. Each entry keeps its op id (`clientId`), and none may
 * be made up. One that throws rejects the transaction as `invalid`; throw an `UploadError` to say otherwise (`unavailable`:
 * not now; `schema_mismatch`: hold).
 *
 * It may look something up in the database, but must not write there, nor call the connector: the upload waits for it, and
 * whatever else wants to upload waits for the upload. Look up what doesn't change between two tries. The key of a transaction
 * is made of what is queued, so it stays the same when the content differs; and a backend that has applied the earlier
 * content keeps that.
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
