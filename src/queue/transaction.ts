import type { CrudEntryLike } from './database.ts';
import { hashEntries } from './hash.ts';

/** One local change, as a transport gets it: the SDK's entry after the app's `transform`. */
export type UploadEntry = CrudEntryLike;

/** The entries of one local database transaction. They are uploaded together, or not at all. */
export interface UploadTransaction {
  /**
   * Idempotency key: `<client id>:<first op id>-<last op id>:<hash of the entries>`.
   *
   * Equal on every retry, after a restart and from another tab, whatever batch the transaction travels in; different
   * for different content, also when op ids come back after a database file was restored.
   */
  readonly key: string;
  /** The SDK's transaction id; absent for an entry that was queued without one. */
  readonly transactionId?: number | undefined;
  readonly entries: readonly UploadEntry[];
}

/** Splits queue entries into transactions: neighbours with an equal id; an entry without one stands alone. */
export function groupTransactions(entries: readonly CrudEntryLike[]): CrudEntryLike[][] {
  const groups: CrudEntryLike[][] = [];
  let previous: number | null | undefined;
  for (const entry of entries) {
    const id = entry.transactionId;
    if (id != null && id === previous) groups[groups.length - 1]?.push(entry);
    else groups.push([entry]);
    previous = id;
  }
  return groups;
}

/** Gives a group its key. Takes the raw entries: a changed `transform` must not change the key of a queued write. */
export function toTransaction(clientId: string, entries: readonly CrudEntryLike[]): UploadTransaction {
  const [first, last] = [entries[0], entries[entries.length - 1]];
  return {
    key: `${clientId}:${first?.clientId}-${last?.clientId}:${hashEntries(entries)}`,
    transactionId: first?.transactionId ?? undefined,
    entries,
  };
}

/** The members of an entry, without what the SDK's class adds. */
export function plainEntry(entry: CrudEntryLike): CrudEntryLike {
  const { clientId, op, table, id, transactionId, opData, previousValues, metadata } = entry;
  return { clientId, op, table, id, transactionId, opData, previousValues, metadata };
}
