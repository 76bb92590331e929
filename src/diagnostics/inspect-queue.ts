import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { readQueue } from '../queue/read-queue.ts';
import { toTransaction } from '../queue/transaction.ts';

export interface InspectQueueOptions {
  /** About how many entries to show. Default 100. A transaction is shown whole or not at all, but the first always. */
  readonly limit?: number | undefined;
  /** Shows the values of rows and metadata too. Default false. */
  readonly values?: boolean | undefined;
}

/** The head of the upload queue. */
export interface QueueReport {
  /** The database's client id (`getClientId()`). */
  readonly clientId: string;
  /** How many entries are queued. */
  readonly length: number;
  readonly transactions: readonly QueuedTransaction[];
  /** True where more is queued than `transactions` show. */
  readonly truncated: boolean;
}

/** One local database transaction in the queue. */
export interface QueuedTransaction {
  /** The idempotency key, as in the connector's events and in the requests to the backend. */
  readonly key: string;
  /** The SDK's transaction id; absent for an entry that was queued without one. */
  readonly transactionId?: number | undefined;
  readonly firstOpId: number;
  readonly lastOpId: number;
  readonly entries: readonly QueuedEntry[];
}

export interface QueuedEntry extends Partial<Pick<CrudEntryLike, 'opData' | 'previousValues' | 'metadata'>> {
  readonly op: string;
  readonly table: string;
  /** Id of the changed row. */
  readonly id: string;
  /** Columns that were written; none for a DELETE. */
  readonly columns: readonly string[];
}

/**
 * Shows the head of the upload queue, for a screen of diagnostics or a report of a fault: without the values of rows,
 * unless asked for. It changes nothing, and holds up no upload.
 *
 * @throws TypeError if `limit` isn't a whole number above 0; else only what the database throws.
 *
 * @example
 * ```ts
 * import type { ConnectorDatabase } from 'powersync-backend-connector';
 * import { inspectQueue } from 'powersync-backend-connector/diagnostics';
 *
 * declare const db: ConnectorDatabase;
 *
 * const { length, transactions } = await inspectQueue(db, { limit: 20 });
 * console.log(`${length} writes wait to be uploaded; first of all`, transactions[0]?.entries);
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
  const { count: length } = await database.getUploadQueueStats();
  const head = await readQueue(database, { transactions: limit, entries: limit });
  const queued = head?.transactions ?? [];
  return {
    clientId,
    length,
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
