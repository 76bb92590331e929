import { optionChecks } from '../check-options.ts';
import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { ensureTables } from '../database/tables.ts';
import { UploadError } from '../error/upload-error.ts';
import { plainEntry, rowOf } from '../queue/transaction.ts';
import { headOpId, isBehind } from './list.ts';
import { ownerNow } from './owner.ts';
import type { RejectionContext, RejectionPolicy } from './policy.ts';

/**
 * Limits of what {@link record} keeps. They are applied each time it records a write. The newest write, and writes that
 * have not left the queue, are always kept.
 */
export interface RecordOptions {
  /**
   * Most rejected writes to keep, a whole number above 0. The oldest are removed first.
   *
   * @default no limit
   */
  readonly maxCount?: number | undefined;
  /**
   * Removes rejected writes that are older than this, in milliseconds, a whole number above 0.
   *
   * @default no limit
   */
  readonly maxAgeMs?: number | undefined;
}

/** How many queued entries are searched for later changes of the same rows. */
const MAX_LATER = 1_000;

/** The calls of rejection policies that have recorded their write. */
const recordedIn = new WeakSet<RejectionContext>();

/**
 * The default rejection policy. It writes the rejected transaction into the table `connector_rejected_writes` of the
 * same database, then lets it leave the queue.
 *
 * The row is written under the idempotency key and before the queue moves, and it is final: after a crash between the
 * two steps, the transaction leaves the queue without being sent again. Nothing is written once the connector is closed
 * or the database is being cleared.
 *
 * A transaction that needs a decision (`needsDecision`) is written there too, but held until the backend accepts it or
 * `releaseHeld()` is called. If the backend has already applied writes behind it, holding can't help, so it leaves the
 * queue too.
 *
 * `powersync-backend-connector/rejections` lists, retries and discards the recorded writes.
 *
 * @throws TypeError for an unknown option, or a value that isn't a whole number above 0.
 *
 * @example
 * ```ts
 * import { type BackendConnectorOptions, record } from 'powersync-backend-connector';
 *
 * export const options: Partial<BackendConnectorOptions> = {
 *   rejections: record({ maxCount: 500, maxAgeMs: 90 * 24 * 3_600_000 }),
 * };
 * ```
 */
export function record(options: RecordOptions = {}): RejectionPolicy {
  const { object, count, noOthers } = optionChecks('record');
  const { maxCount, maxAgeMs, ...others } = object('options', options);
  noOthers('', others);
  if (maxCount !== undefined) count('maxCount', maxCount);
  if (maxAgeMs !== undefined) count('maxAgeMs', maxAgeMs);
  return async (rejected, context) => {
    const { database, now, signal } = context;
    await ensureTables(database);
    const { key, transactionId, entries, error, entryIndex, details, needsDecision } = rejected;
    const isHeld = needsDecision && !rejected.cannotWait;
    const laterOps = await laterOpIds(database, entries);
    // A write without an owner was sent in the name of the signed-in user.
    const owner = rejected.owner === undefined ? await ownerNow(database) : rejected.owner;
    // Must be checked right before the statement, with no `await` in between.
    if (signal?.aborted) {
      throw new UploadError(
        'aborted',
        'The connector was closed or the database is being cleared, so the rejected write was not recorded.',
      );
    }
    // A released write becomes rejected now. A rejected one is final, whatever another tab decides: unless policies that
    // are combined, as by `byTable()`, decide differently on it in one and the same call.
    await database.execute(
      `INSERT INTO connector_rejected_writes
(key, transaction_id, entries, entry_index, applied_entries, code, status, message, details, owner, rejected_at, state, later_op_ids, may_be_applied, needs_decision)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET entry_index = excluded.entry_index,
applied_entries = excluded.applied_entries, code = excluded.code, status = excluded.status, message = excluded.message, details = excluded.details,
owner = excluded.owner, rejected_at = excluded.rejected_at, may_be_applied = excluded.may_be_applied, needs_decision = excluded.needs_decision,
state = CASE state WHEN 'released' THEN 'rejected' ELSE excluded.state END
WHERE (state <> excluded.state OR owner IS NOT excluded.owner) AND (state <> 'rejected' OR ?)`,
      [
        key,
        transactionId ?? null,
        JSON.stringify(entries.map(plainEntry)),
        entryIndex ?? null,
        JSON.stringify(rejected.appliedEntries ?? []),
        error.code,
        error.status ?? null,
        error.message,
        toJson(details),
        owner ?? null,
        now,
        isHeld ? 'held' : 'rejected',
        JSON.stringify(laterOps),
        rejected.mayBeApplied ? 1 : 0,
        needsDecision ? 1 : 0,
        recordedIn.has(context) ? 1 : 0,
      ],
    );
    recordedIn.add(context);
    if (maxCount || maxAgeMs) await prune(database, key, maxCount, maxAgeMs && now - maxAgeMs);
    if (!isHeld) return 'complete';
    const rows = await database.getAll<{ state: string }>(
      'SELECT state FROM connector_rejected_writes WHERE key = ?',
      [key],
    );
    return rows[0]?.state === 'rejected' ? 'complete' : 'hold';
  };
}

/** Removes writes beyond the limits, but none that is still queued: it would be sent again. */
async function prune(
  database: ConnectorDatabase,
  key: string,
  most = Number.POSITIVE_INFINITY,
  oldest = 0,
): Promise<void> {
  const rows = await database.getAll<{ key: string; rejected_at: number }>(
    "SELECT key, rejected_at FROM connector_rejected_writes WHERE state = 'rejected' ORDER BY rowid DESC",
  );
  const head = await headOpId(database);
  const gone = rows.filter(
    (row, index) =>
      row.key !== key && (index >= most || row.rejected_at < oldest) && !isBehind(row.key, head),
  );
  if (gone.length === 0) return;
  await database.execute(
    'DELETE FROM connector_rejected_writes WHERE key IN (SELECT value FROM json_each(?))',
    [JSON.stringify(gone.map(({ key }) => key))],
  );
}

/** Op ids of entries that are queued behind these and change the same rows. */
async function laterOpIds(database: ConnectorDatabase, entries: readonly CrudEntryLike[]): Promise<number[]> {
  const rows = new Set(entries.map(rowOf));
  const last = entries[entries.length - 1]?.clientId ?? 0;
  const queued = (await database.getCrudBatch(MAX_LATER))?.crud ?? [];
  return queued
    .filter((entry) => entry.clientId > last && rows.has(rowOf(entry)))
    .map(({ clientId }) => clientId);
}

/** Details as JSON; null if there are none or JSON can't hold them: the write must be recorded anyway. */
function toJson(details: unknown): string | null {
  try {
    return JSON.stringify(details) ?? null;
  } catch {
    return null;
  }
}
