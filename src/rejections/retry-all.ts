import { optionChecks } from '../check-options.ts';
import type { WritableDatabase } from './database.ts';
import { readListed } from './list.ts';
import type { RejectedWrite } from './rejected-write.ts';
import { type RetryRejectedOptions, retryRejected } from './retry.ts';
import { fail } from './write-again.ts';

/** Options of {@link retryAllRejected}: which rejected writes to write again, and how to edit them. */
export interface RetryAllOptions extends RetryRejectedOptions {
  /**
   * Only writes with this error code, or one of these codes, for example `'invalid'`.
   *
   * @default all codes
   */
  readonly code?: string | readonly string[] | undefined;
  /**
   * Only writes that were rejected at this time or later, by the device's clock.
   *
   * @default no limit
   */
  readonly since?: Date | undefined;
  /**
   * Only writes that were rejected before this time, by the device's clock.
   *
   * @default no limit
   */
  readonly until?: Date | undefined;
}

const LOOK =
  'Check what the server has. Then call retryRejected() to write it, or discardRejected() to remove it.';

/** Result of {@link retryAllRejected}: keys of rejected writes, oldest first. */
export interface RetryAllReport {
  /** Keys of the writes that were written again. They are no longer listed. */
  readonly written: readonly string[];
  /** The writes that were not written again, each with the reason. They stay listed. */
  readonly failed: readonly { readonly key: string; readonly error: Error }[];
}

/**
 * Writes the rejected writes of the signed-in user again, oldest first, for example after a bad deployment. Each
 * becomes one new local transaction, as with {@link retryRejected}. If one can't be written, the others still are. Held
 * writes are skipped.
 *
 * A write is reported as failed and stays listed if it needs a decision (`needsDecision`), if it may have been applied
 * (`mayBeApplied`), or if a newer write of the same row was queued behind it and isn't listed as rejected: that one was
 * probably applied, and would be undone. Check these one by one.
 *
 * @throws TypeError for an unknown option, or one of the wrong type. Otherwise only what the database throws.
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
      if (mayBeApplied) fail('the backend may have applied it already', LOOK);
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
