import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { readQueue } from '../queue/read-queue.ts';
import { toTransaction } from '../queue/transaction.ts';

/** Options of {@link inspectQueue}. */
export interface InspectQueueOptions {
  /**
   * Most entries to show, a whole number above 0. Transactions are shown whole; the first one is always shown, even if
   * it is longer.
   *
   * @default 100
   */
  readonly limit?: number | undefined;
  /**
   * Whether to show the values of columns and the metadata too.
   *
   * @default false
   */
  readonly values?: boolean | undefined;
}

/** The head of the upload queue. */
export interface QueueReport {
  /** The database's client id (`getClientId()`). */
  readonly clientId: string;
  /** Number of entries in the whole queue. */
  readonly queuedEntries: number;
  /** The first transactions in the queue, oldest first. */
  readonly transactions: readonly QueuedTransaction[];
  /** True if more is queued than `transactions` shows. */
  readonly truncated: boolean;
}

/** One local database transaction in the queue. */
export interface QueuedTransaction {
  /** Idempotency key, the same as in the connector's events and in requests to the backend. */
  readonly key: string;
  /** The SDK's transaction id; absent for an entry that was queued without one. */
  readonly transactionId?: number | undefined;
  /** Op id of the first entry. */
  readonly firstOpId: number;
  /** Op id of the last entry. */
  readonly lastOpId: number;
  /** The entries, in the order in which they were written. */
  readonly entries: readonly QueuedEntry[];
}

/** One entry in the queue. `opData`, `previousValues` and `metadata` are set only with the option `values`. */
export interface QueuedEntry extends Partial<Pick<CrudEntryLike, 'opData' | 'previousValues' | 'metadata'>> {
  /** Operation: `'PUT'`, `'PATCH'` or `'DELETE'` in current SDKs. */
  readonly op: string;
  readonly table: string;
  /** Id of the changed row. */
  readonly id: string;
  /** Names of the columns that were written; none for a DELETE. */
  readonly columns: readonly string[];
}

/**
 * Shows the head of the upload queue, for a diagnostics screen or a bug report. Values of columns are left out, unless
 * the option `values` is set. It changes nothing, and doesn't delay uploads.
 *
 * @throws TypeError if `limit` isn't a whole number above 0. Otherwise only what the database throws.
 *
 * @example
 * ```ts
 * import type { ConnectorDatabase } from 'powersync-backend-connector';
 * import { inspectQueue } from 'powersync-backend-connector/diagnostics';
 *
 * declare const db: ConnectorDatabase;
 *
 * const { queuedEntries, transactions } = await inspectQueue(db, { limit: 20 });
 * console.log(`${queuedEntries} writes wait to be uploaded; first of all`, transactions[0]?.entries);
 * ```
 */
export async function inspectQueue(
  database: ConnectorDatabase,
  { limit = 100, values = false }: InspectQueueOptions = {},
): Promise<QueueReport> {
  if (!(Number.isInteger(limit) && limit > 0)) {
    throw new TypeError('inspectQueue: option "limit" must be a whole number above 0.');
  }
  const clientId = await clientIdOf(database);
  const { count: queuedEntries } = await database.getUploadQueueStats();
  const head = await readQueue(database, { transactions: limit, entries: limit });
  const queued = head?.transactions ?? [];
  return {
    clientId,
    queuedEntries,
    transactions: queued.map((entries) => report(clientId, entries, values)),
    truncated: head?.handle.haveMore ?? false,
  };
}

function report(clientId: string, entries: readonly CrudEntryLike[], values: boolean): QueuedTransaction {
  const { key, transactionId } = toTransaction(clientId, entries);
  const opIds = entries.map((entry) => entry.clientId);
  return {
    key,
    ...(transactionId !== undefined && { transactionId }),
    firstOpId: opIds[0] ?? 0,
    lastOpId: opIds[opIds.length - 1] ?? 0,
    entries: entries.map(({ op, table, id, opData, previousValues, metadata }) => ({
      op,
      table,
      id,
      columns: Object.keys(opData ?? {}),
      ...(values && { opData, previousValues, metadata }),
    })),
  };
}
