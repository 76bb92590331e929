import type { TokenSource } from '../auth/token-cache.ts';
import type { ConnectorDatabase } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import { laneIsLeft } from '../queue/lane.ts';
import { rowsOfOwner } from '../rejections/rows.ts';
import type { Publisher } from '../status/publisher.ts';
import { startDeadline, within } from '../time/deadline.ts';
import type { Gate } from '../time/gate.ts';
import type { Rejecting } from '../upload/rejecting.ts';
import type { Uploader } from '../upload/uploader.ts';
import { type ExportedTransaction, exportQueued } from './export-queued.ts';

/** The part of a PowerSync database that leaving needs, beside {@link ConnectorDatabase}. */
export interface ClearableDatabase extends ConnectorDatabase {
  disconnect(): Promise<void>;
  // biome-ignore lint/suspicious/noExplicitAny: the SDK's own options, which differ between its versions.
  disconnectAndClear(options?: any): Promise<void>;
}

/** What would be lost by clearing the database. */
export interface Leftover {
  /** Transactions that could not be uploaded, oldest first. */
  readonly queued: readonly ExportedTransaction[];
  /** Rows of `connector_rejected_writes`. */
  readonly rejected: readonly Record<string, unknown>[];
}

export interface DrainAndClearOptions {
  /**
   * What becomes of writes that can't be uploaded in time: `'keep'` leaves them queued, and the database isn't cleared;
   * `'discard'` loses them; `'export'` hands them to `export` first. The rejected writes of who is signed in are exported
   * with them, and else discarded, also those that are rejected during this call.
   */
  readonly unsent: 'keep' | 'export' | 'discard';
  /**
   * With `unsent: 'export'`: keeps what is left somewhere. If it throws, nothing is cleared. It must not call
   * `setOwner()`, `disconnect()` or `drainAndClear()` of the connector, which throw a TypeError meanwhile.
   */
  readonly export?: (left: Leftover) => void | Promise<void>;
  /** How long to try to upload, in milliseconds. Default 30 000. */
  readonly timeoutMs?: number;
  /** Keeps downloaded data for a faster next sync (`disconnectAndClear({ soft: true })`, @powersync/common 2.3.0 or later). */
  readonly soft?: boolean;
}

/** What `drainAndClear()` came to. */
export interface DrainAndClearReport {
  /** Whether the database was cleared. If not, nothing was lost, and the app may connect again. */
  readonly cleared: boolean;
  /** Transactions that were uploaded or rejected meanwhile. */
  readonly applied: number;
  readonly rejected: number;
  /** Entries that could not be uploaded: still queued if not `cleared`, else exported or discarded as told. */
  readonly leftEntries: number;
  /** Why they could not be uploaded, or why the database was not cleared. */
  readonly error?: UploadError;
}

/** What leaving has to do with. */
export interface LeavingParts {
  readonly uploader: Uploader;
  readonly tokens: TokenSource;
  readonly rejecting: Rejecting;
  readonly gate: Gate;
  readonly publisher: Publisher;
  readonly clock: () => number;
  /** How long an upload may take that is under way. */
  readonly callTimeoutMs: number;
}

export async function drainAndClear(
  parts: LeavingParts,
  database: ClearableDatabase,
  { unsent, export: keep, timeoutMs = 30_000, soft }: DrainAndClearOptions,
): Promise<DrainAndClearReport> {
  if (!['keep', 'export', 'discard'].includes(unsent)) {
    throw new TypeError('drainAndClear: option "unsent" must be "keep", "export" or "discard".');
  }
  if (unsent === 'export' && typeof keep !== 'function') {
    throw new TypeError('drainAndClear: with unsent "export", option "export" must be a function.');
  }
  const { uploader, publisher, tokens, rejecting, gate, callTimeoutMs } = parts;
  const before = publisher.status.counters;
  const report = (cleared: boolean, left: number, error: UploadError | undefined): DrainAndClearReport => {
    const { applied, rejected } = publisher.status.counters;
    const counts = { applied: applied - before.applied, rejected: rejected - before.rejected };
    return { cleared, ...counts, leftEntries: left, ...(error && { error }) };
  };
  const countQueued = async (): Promise<number> => (await database.getUploadQueueStats()).count;

  const error = await uploadFor(timeoutMs, parts, database);
  if (unsent === 'keep' && (await countQueued()) > 0) return report(false, await countQueued(), error);

  return uploader.pauseWhile(async () => {
    await database.disconnect();
    try {
      // A completion after the clear would stop the next user's downloads.
      await laneIsLeft(database, callTimeoutMs);
      await within(callTimeoutMs, rejecting.idle()).catch(() => {});
    } catch (thrown) {
      return report(false, await countQueued(), UploadError.from(thrown));
    }
    const queued = await exportQueued(database); // Again: something may have been written since.
    const left = queued.reduce((sum, { entries }) => sum + entries.length, 0);
    if (unsent === 'keep' && left > 0) return report(false, left, error);
    const theirs = await rowsOfOwner(database);
    if (unsent === 'export') {
      try {
        await keep?.({ queued, rejected: theirs.rows });
      } catch (cause) {
        const failed = new UploadError(
          'unknown',
          'What was left could not be exported. Nothing was cleared.',
          { cause },
        );
        return report(false, left, failed);
      }
    }
    rejecting.abandon();
    tokens.forget();
    await tokens.settled();
    await database.disconnectAndClear(soft === undefined ? undefined : { soft });
    await theirs.remove(); // Not before: were clearing to fail, they would be gone.
    gate.reset(); // The next user has nothing to do with what failed for this one.
    const fresh = { lastError: undefined, nextAttemptAt: undefined, stalledSince: undefined };
    publisher.set({ ...fresh, queuedEntries: 0, phase: 'idle' });
    return report(true, left, left > 0 ? error : undefined);
  });
}

/** Tries to upload everything; returns why that failed, if it did. */
async function uploadFor(
  timeoutMs: number,
  { uploader, gate, publisher, clock }: LeavingParts,
  database: ConnectorDatabase,
): Promise<UploadError | undefined> {
  const deadline = startDeadline(timeoutMs);
  try {
    for (;;) {
      try {
        while (await uploader.upload(database, { evenIfBackingOff: true, signal: deadline.signal }));
        return undefined;
      } catch (thrown) {
        const error = UploadError.from(thrown);
        // Waiting helps against outages only.
        if (deadline.error || ['held', 'owner-mismatch', 'closed'].includes(publisher.status.phase))
          return gate.error ?? error;
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

/** Between tries while leaving: the user is waiting, so shorter than usual. */
const RETRY_MS = 1_000;
