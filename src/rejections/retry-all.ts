import { optionChecks } from '../check-options.ts';
import type { WritableDatabase } from './database.ts';
import { readListed } from './list.ts';
import type { RejectedWrite } from './rejected-write.ts';
import { type RetryRejectedOptions, retryRejected } from './retry.ts';
import { fail } from './write-again.ts';

/** Options of {@link retryAllRejected}: which ones, and their edits. Without any, all of them. */
export interface RetryAllOptions extends RetryRejectedOptions {
  /** Only those with this code, or one of these: `'invalid'`, for example. */
  readonly code?: string | readonly string[] | undefined;
  /** Only those that were rejected at this time or later, by the device's clock. */
  readonly since?: Date | undefined;
  /** Only those that were rejected before this time. */
  readonly until?: Date | undefined;
}

const LOOK = 'Look at what the server has; then retryRejected() writes it, or discardRejected() removes it.';

/** What {@link retryAllRejected} came to: the keys of rejected writes, oldest first. */
export interface RetryAllReport {
  /** Those that were written again, and are no longer listed. */
  readonly written: readonly string[];
  /** Those that could not be, and stay listed, each with the reason. */
  readonly failed: readonly { readonly key: string; readonly error: Error }[];
}

/**
 * Writes rejected writes of who is signed in again, oldest first: what a bad deployment has cost, say. Each becomes one new
 * local transaction, as with {@link retryRejected}; one that can't be written doesn't stop the others. Held ones are passed
 * over.
 *
 * A write stays listed, too, if it needs a decision (`needsDecision`), if it may have been applied (`mayBeApplied`), or if a
 * newer one of the same row was queued behind it that isn't listed: that one was probably applied, and would be undone. Look
 * at those one by one.
 *
 * @throws TypeError for an option that is misspelt or of another type; else only what the database throws.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { retryAllRejected } from 'powersync-backend-connector/rejections';
 *
 * export async function repairMonday(db: PowerSyncDatabase): Promise<void> {
 *   const { written, failed } = await retryAllRejected(db, {
 *     code: ['invalid', 'unclassified'],
 *     since: new Date('2026-11-30T08:00:00Z'),
 *     until: new Date('2026-11-30T09:30:00Z'),
 *   });
 *   console.log(`${written.length} written again`, failed.map(({ key, error }) => `${key}: ${error.message}`));
 * }
 * ```
 */
export async function retryAllRejected(
  database: WritableDatabase,
  options: RetryAllOptions = {},
): Promise<RetryAllReport> {
  const isMeant = readOptions(options);
  const rejected = (await readListed(database)).writes.filter(({ state }) => state === 'rejected');
  const refused = rejected.filter((write) => !write.mayBeApplied).flatMap(({ entries }) => entries);
  const refusedOpIds = new Set(refused.map(({ clientId }) => clientId));
  const written: string[] = [];
  const failed: { key: string; error: Error }[] = [];
  for (const { key, laterOpIds, mayBeApplied, needsDecision } of rejected.filter(isMeant)) {
    try {
      if (needsDecision) fail('it needs a decision', LOOK);
      if (mayBeApplied) fail('it may have been applied, and would be so twice', LOOK);
      if (!laterOpIds.every((opId) => refusedOpIds.has(opId))) {
        fail('a newer write of the same row was probably applied, and would be undone', LOOK);
      }
      await retryRejected(database, key, options);
      written.push(key);
    } catch (thrown) {
      failed.push({ key, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
    }
  }
  return { written, failed };
}

function readOptions(options: RetryAllOptions): (write: RejectedWrite) => boolean {
  const { code, since, until, edit, ...others } = options;
  const { fn, noOthers, wrong } = optionChecks('retryAllRejected');
  noOthers('', others);
  if (edit !== undefined) fn('edit', edit);
  const codes = code === undefined ? undefined : [code].flat();
  if (!(codes ?? []).every((each) => typeof each === 'string'))
    wrong('code', 'an error code, or a list', code);
  for (const [name, time] of Object.entries({ since, until })) {
    if (time !== undefined && !(time instanceof Date && !Number.isNaN(time.getTime())))
      wrong(name, 'a Date', time);
  }
  return (write) =>
    (codes?.includes(write.code) ?? true) &&
    (!since || write.rejectedAt >= since) &&
    (!until || write.rejectedAt < until);
}
