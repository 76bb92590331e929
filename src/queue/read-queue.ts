import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from '../database/database.ts';
import { type Bounds, type Survey, surveyQueue } from './survey.ts';
import { groupTransactions } from './transaction.ts';

/** Whole transactions from the head of the queue. */
export interface QueueHead {
  readonly transactions: readonly (readonly CrudEntryLike[])[];
  /** The SDK's handle behind them; it may reach further than `transactions` do. */
  readonly handle: CrudBatchLike;
  /** False if no owner had been written down before these transactions were. */
  readonly mayHaveOwners: boolean;
  /** False if nothing was ever rejected. */
  readonly mayHaveRejected: boolean;
}

/**
 * Reads whole transactions from the head of the queue, at least one; null when the queue is empty.
 *
 * @param known What a look at the table has found before, with the same bounds.
 */
export async function readQueue(
  database: ConnectorDatabase,
  bounds: Bounds,
  known?: Survey,
): Promise<QueueHead | null> {
  const survey = known ?? (await surveyQueue(database, bounds));
  const head = survey && (await readSurveyed(database, survey));
  if (head) return head;
  return known ? readQueue(database, bounds) : readUnsurveyed(database, bounds);
}

/** Undefined if others have removed all that was surveyed. */
async function readSurveyed(
  database: ConnectorDatabase,
  { lastOpId, entries, hasOwners, hasRejected }: Survey,
): Promise<QueueHead | undefined> {
  const handle = await database.getCrudBatch(entries);
  // Where they have removed some of it, this reads further than was surveyed.
  const surveyed = handle?.crud.filter(({ clientId }) => clientId <= lastOpId);
  if (!handle || !surveyed?.length) return undefined;
  return {
    transactions: groupTransactions(surveyed),
    handle,
    mayHaveOwners: hasOwners,
    mayHaveRejected: hasRejected,
  };
}

/** Entries of a transaction, where nothing is known of it. */
const USUAL_LENGTH = 20;

/**
 * `getCrudBatch()` knows nothing of transaction borders, so the last one is held back while more entries follow. One
 * that is longer than the limit is read again with twice the limit, until its end is seen.
 */
async function readUnsurveyed(
  database: ConnectorDatabase,
  { transactions: most, entries }: Bounds,
): Promise<QueueHead | null> {
  for (let size = Math.min(most * USUAL_LENGTH, entries) + 1; ; size *= 2) {
    const handle = await database.getCrudBatch(size);
    const last = handle?.crud[handle.crud.length - 1];
    if (!handle || !last) return null;
    const transactions = groupTransactions(handle.crud);
    const mayGoOn = handle.haveMore && last.transactionId != null;
    if (mayGoOn && transactions.length === 1) continue;
    return {
      transactions: mayGoOn ? transactions.slice(0, -1) : transactions,
      handle,
      mayHaveOwners: true,
      mayHaveRejected: true,
    };
  }
}
