import type { RejectionPolicy } from './policy.ts';
import { ensureTables } from './state.ts';

/**
 * The default rejection policy: writes the transaction into the table `connector_rejected_writes` of the same database,
 * then lets it leave the queue. It is written by key and before the queue moves, so a crash between the two repeats and
 * never loses. A transaction that needs a decision is held instead.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 *
 * declare const db: PowerSyncDatabase;
 * const rejected = await db.getAll('SELECT key, code, entries FROM connector_rejected_writes ORDER BY rejected_at');
 * ```
 */
export function record(): RejectionPolicy {
  return async (
    { key, transactionId, entries, error, entryIndex, details, needsDecision },
    { database, now },
  ) => {
    if (needsDecision) return 'hold';
    await ensureTables(database);
    await database.execute(
      `INSERT INTO connector_rejected_writes
(key, transaction_id, entries, entry_index, code, status, message, details, rejected_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO NOTHING`,
      [
        key,
        transactionId ?? null,
        JSON.stringify(
          entries.map(({ clientId, op, table, id, opData, previousValues, metadata }) => ({
            clientId,
            op,
            table,
            id,
            opData,
            previousValues,
            metadata,
          })),
        ),
        entryIndex ?? null,
        error.code,
        error.status ?? null,
        error.message,
        toJson(details),
        now,
      ],
    );
    return 'complete';
  };
}

/** Details as JSON; null where there are none, or none that JSON can hold: the write matters, not the words about it. */
function toJson(details: unknown): string | null {
  try {
    return JSON.stringify(details) ?? null;
  } catch {
    return null;
  }
}
