import type { CrudEntryLike } from '../database/database.ts';
import { encodeEntry } from './encode-entry.ts';
import { hashTexts } from './hash.ts';

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
  return new RawTransaction(clientId, entries);
}

/** The entries of a transaction as JSON texts ({@link encodeEntry}). */
export function textsOf(transaction: UploadTransaction): readonly string[] {
  return RawTransaction.textsOf(transaction) ?? transaction.entries.map(encodeEntry);
}

/**
 * A transaction as it is queued, which keeps the texts that its key was made of. They are private, so that a copy with
 * other entries hasn't got them.
 */
class RawTransaction implements UploadTransaction {
  readonly key: string;
  readonly transactionId: number | undefined;
  readonly entries: readonly CrudEntryLike[];
  readonly #texts: readonly string[];

  constructor(clientId: string, entries: readonly CrudEntryLike[]) {
    const [first, last] = [entries[0], entries[entries.length - 1]];
    this.#texts = entries.map(encodeEntry);
    this.key = `${clientId}:${first?.clientId}-${last?.clientId}:${hashTexts(this.#texts)}`;
    this.transactionId = first?.transactionId ?? undefined;
    this.entries = [...entries]; // A transport that sorts them in place must not reach what the queue is completed by.
  }

  static textsOf(transaction: UploadTransaction): readonly string[] | undefined {
    // Not `instanceof`, which an object made from one would pass that has no private member.
    return Object.getPrototypeOf(transaction) === RawTransaction.prototype
      ? (transaction as RawTransaction).#texts
      : undefined;
  }
}

/** Names the row that an entry is about. */
export function rowOf({ table, id }: CrudEntryLike): string {
  return JSON.stringify([table, id]);
}

/** The members of an entry, without what the SDK's class adds. */
export function plainEntry(entry: CrudEntryLike): CrudEntryLike {
  const { clientId, op, table, id, transactionId, opData, previousValues, metadata } = entry;
  return { clientId, op, table, id, transactionId, opData, previousValues, metadata };
}
