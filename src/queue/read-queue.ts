import type { ConnectorDatabase, CrudBatchLike, CrudEntryLike } from '../database/database.ts';
import { type Bounds, type Survey, surveyQueue } from './survey.ts';
import { groupTransactions } from './transaction.ts';

/** Whole transactions from the head of the queue. */
export interface QueueHead {
  readonly transactions: readonly (readonly CrudEntryLike[])[];
  /** The SDK handle that they were read with. It may end behind the last of `transactions`. */
  readonly handle: CrudBatchLike;
  /** False only if `setOwner()` was never called before these transactions were read. */
  readonly mayHaveOwners: boolean;
  /** False only if nothing was ever rejected. */
  readonly mayHaveRejected: boolean;
}

/**
 * Reads whole transactions from the head of the queue, at least one. Null when the queue is empty.
 *
 * @param known An earlier survey with the same bounds, if there is one.
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

/** Reads what was surveyed. Undefined if all of it has been removed by another tab or process. */
async function readSurveyed(
  database: ConnectorDatabase,
  { lastOpId, entries, hasOwners, hasRejected }: Survey,
): Promise<QueueHead | undefined> {
  const handle = await database.getCrudBatch(entries);
  // If some of it has been removed, this reads entries behind the survey.
  const surveyed = handle?.crud.filter(({ clientId }) => clientId <= lastOpId);
  if (!handle || !surveyed?.length) return undefined;
  return {
    transactions: groupTransactions(surveyed),
    handle,
    mayHaveOwners: hasOwners,
    mayHaveRejected: hasRejected,
  };
}

/** Assumed number of entries in a transaction, if there is no survey. */
const USUAL_LENGTH = 20;

/**
 * Reads whole transactions without a survey. `getCrudBatch()` may cut a transaction, so the last one is left out while
 * more entries follow. If only one was read, it is read again with twice the limit, until its end is seen.
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
