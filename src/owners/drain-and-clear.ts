import type { TokenSource } from '../auth/token-cache.ts';
import { optionChecks } from '../check-options.ts';
import type { ConnectorDatabase } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import { laneIsLeft } from '../queue/lane.ts';
import { rowsOfOwner } from '../rejections/rows.ts';
import type { Publisher } from '../status/publisher.ts';
import { LONGEST_TIMER_MS, startDeadline, within } from '../time/deadline.ts';
import type { Gate } from '../time/gate.ts';
import type { Rejecting } from '../upload/rejecting.ts';
import type { Uploader } from '../upload/uploader.ts';
import { type ExportedTransaction, exportQueued } from './export-queued.ts';

/** The part of a PowerSync database that `drainAndClear()` needs. */
export interface ClearableDatabase extends ConnectorDatabase {
  disconnect(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own options, which differ between its versions.
  disconnectAndClear(options?: any): Promise<void>;
}

/** The writes that would be lost by clearing the database. They hold row data. */
export interface Leftover {
  /** Transactions that are still queued, oldest first. Those of other users of the database file too: see `owner`. */
  readonly queued: readonly ExportedTransaction[];
  /** Rejected writes of the signed-in user, as rows of the table `connector_rejected_writes`. */
  readonly rejected: readonly Record<string, unknown>[];
}

/** Options of `drainAndClear()`. */
export interface DrainAndClearOptions {
  /**
   * What to do with writes that can't be uploaded in time:
   *
   * - `'keep'`: they stay queued, and the database isn't cleared.
   * - `'export'`: they are passed to `export`, then the database is cleared.
   * - `'discard'`: they are lost when the database is cleared.
   *
   * The rejected writes of the signed-in user, including those rejected during this call, are passed to `export` too,
   * and are removed when the database is cleared.
   */
  readonly unsent: 'keep' | 'export' | 'discard';
  /**
   * Required with `unsent: 'export'`: stores the writes that are left. If it throws, nothing is cleared. It must not
   * call `setOwner()`, `disconnect()` or `drainAndClear()` of the connector: they throw a TypeError while it runs.
   */
  readonly export?: (left: Leftover) => void | Promise<void>;
  /**
   * How long to try to upload, in milliseconds, from 0 (don't try) to 2_147_483_647 (24 days).
   *
   * @default 30_000
   */
  readonly timeoutMs?: number;
  /**
   * Passed on to `disconnectAndClear()`: true keeps downloaded data for a faster next sync. Needs `@powersync/common`
   * 2.3.0 or later.
   *
   * @default not passed, so the SDK's own default
   */
  readonly soft?: boolean;
}

/** Result of `drainAndClear()`. */
export interface DrainAndClearReport {
  /** True if the database was cleared. If false, nothing was lost, and the app may connect again. */
  readonly cleared: boolean;
  /** Number of transactions that the backend applied and that left the queue during the call. */
  readonly applied: number;
  /** Number of transactions that were rejected and left the queue during the call. */
  readonly rejected: number;
  /** Number of entries that could not be uploaded. Still queued if not `cleared`; otherwise exported or discarded. */
  readonly leftEntries: number;
  /** Why they could not be uploaded, or why the database was not cleared. */
  readonly error?: UploadError;
}

/** The parts of the connector that `drainAndClear()` uses. */
export interface LeavingParts {
  readonly uploader: Uploader;
  readonly tokens: TokenSource;
  readonly rejecting: Rejecting;
  readonly gate: Gate;
  readonly publisher: Publisher;
  readonly clock: () => number;
  /** How long to wait for an upload in flight, in milliseconds. */
  readonly callTimeoutMs: number;
}

/** Options of `drainAndClear()` that are checked, with their defaults. */
export type CheckedOptions = DrainAndClearOptions & { readonly timeoutMs: number };

/** @throws TypeError if an option is missing, unknown or out of range. */
export function checkOptions(options: DrainAndClearOptions): CheckedOptions {
  const { wrong, fn, number, noOthers } = optionChecks('drainAndClear');
  const { unsent, export: keep, timeoutMs = 30_000, soft, ...others } = options ?? {};
  noOthers('', others);
  if (!['keep', 'export', 'discard'].includes(unsent))
    wrong('unsent', '"keep", "export" or "discard"', unsent);
  if (unsent === 'export') fn('export', keep);
  number('timeoutMs', timeoutMs, 0, LONGEST_TIMER_MS);
  if (soft !== undefined && typeof soft !== 'boolean') wrong('soft', 'true or false', soft);
  return { unsent, timeoutMs, ...(keep && { export: keep }), ...(soft !== undefined && { soft }) };
}

export async function drainAndClear(
  parts: LeavingParts,
  database: ClearableDatabase,
  { unsent, export: keep, timeoutMs, soft }: CheckedOptions,
): Promise<DrainAndClearReport> {
  const { uploader, publisher, tokens, rejecting, gate, callTimeoutMs } = parts;
  const before = publisher.status.counters;
  const report = (cleared: boolean, left: number, error: UploadError | undefined): DrainAndClearReport => {
    const { applied, rejected } = publisher.status.counters;
    const counts = { applied: applied - before.applied, rejected: rejected - before.rejected };
    return { cleared, ...counts, leftEntries: left, ...(error && { error }) };
  };
  const countQueued = async (): Promise<number> => (await database.getUploadQueueStats()).count;

  const error = await uploadFor(timeoutMs, parts, database);
  uploader.checkOpen(); // The same for every `unsent`.
  const whyKept =
    error ??
    new UploadError(
      'aborted',
      'The app wrote during drainAndClear(). Nothing was cleared, and the writes stay queued.',
    );
  if (unsent === 'keep' && (await countQueued()) > 0) return report(false, await countQueued(), whyKept);

  return uploader.pauseWhile(async () => {
    await database.disconnect();
    try {
      // Completing a batch after the clear would stop the next user's downloads.
      await laneIsLeft(database, callTimeoutMs);
      await within(callTimeoutMs, rejecting.idle()).catch(() => {});
    } catch (thrown) {
      return report(false, await countQueued(), UploadError.from(thrown));
    }
    const queued = await exportQueued(database); // Read again: something may have been written since.
    const left = queued.reduce((sum, { entries }) => sum + entries.length, 0);
    if (unsent === 'keep' && left > 0) return report(false, left, whyKept);
    const theirs = await rowsOfOwner(database);
    if (unsent === 'export') {
      try {
        await keep?.({ queued, rejected: theirs.rows });
      } catch (cause) {
        const failed = new UploadError(
          'unknown',
          'The option "export" failed (see cause). Nothing was cleared, and the writes stay queued.',
          { cause },
        );
        return report(false, left, failed);
      }
    }
    rejecting.abandon();
    tokens.forget();
    await tokens.settled();
    await database.disconnectAndClear(soft === undefined ? undefined : { soft });
    await theirs.remove(); // Only now: if clearing had failed, they would be lost.
    gate.reset(); // A failure for this user must not delay the next one.
    const fresh = { lastError: undefined, nextAttemptAt: undefined, stalledSince: undefined };
    publisher.set({ ...fresh, queuedEntries: 0, phase: 'idle' });
    return report(true, left, left > 0 ? error : undefined);
  });
}

/** Tries to upload everything until the time is over. Returns why that failed, if it did. */
async function uploadFor(
  timeoutMs: number,
  { uploader, gate, publisher, clock }: LeavingParts,
  database: ConnectorDatabase,
): Promise<UploadError | undefined> {
  const deadline = startDeadline(timeoutMs, 'timeoutMs of drainAndClear()');
  try {
    for (;;) {
      try {
        while (await uploader.upload(database, { evenIfBackingOff: true, signal: deadline.signal }));
        return undefined;
      } catch (thrown) {
        const error = UploadError.from(thrown);
        // Only an outage can end by waiting.
        if (deadline.error) return gate.error ?? deadline.error;
        if (['held', 'owner-mismatch', 'closed'].includes(publisher.status.phase)) return gate.error ?? error;
        const askedToWait = gate.shutBy(true) ? (publisher.status.nextAttemptAt ?? 0) - clock() : 0;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const wait = new Promise((resolve) => {
          timer = setTimeout(resolve, Math.max(askedToWait, RETRY_MS));
        });
        await deadline.race(wait).catch(() => {});
        clearTimeout(timer); // A long wait that was cut short must not keep Node alive.
      }
    }
  } finally {
    deadline.end();
  }
}

/** Wait between tries, in milliseconds. Shorter than usual, because the user is waiting. */
const RETRY_MS = 1_000;
