import type { CrudEntryLike } from '../database/database.ts';
import { encodeEntry } from './encode-entry.ts';
import { hashTexts } from './hash.ts';

/** One local change of one row, as the transport gets it: the SDK's entry after the app's transforms. */
export type UploadEntry = CrudEntryLike;

/** The entries of one local database transaction. They are sent in one batch, and leave the queue together. */
export interface UploadTransaction {
  /**
   * Idempotency key: `<client id>:<first op id>-<last op id>:<hash of the entries>`.
   *
   * It is equal on every retry, after a restart, from another tab, and in any batch. It differs if the content differs,
   * even if op ids repeat because a database file was restored.
   */
  readonly key: string;
  /** The SDK's transaction id; undefined for an entry that was queued without one. */
  readonly transactionId?: number | undefined;
  /** The entries, in the order in which they were written. */
  readonly entries: readonly UploadEntry[];
  /**
   * True if the backend has refused it before, and it stayed in the queue: a policy holds it, or the breaker asks once
   * more. A backend that answers a key as before must decide anew.
   */
  readonly judgeAgain?: boolean | undefined;
}

/**
 * Splits queue entries into transactions: neighbours with the same transaction id; an entry without one stands alone.
 */
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

/**
 * Makes a transaction with its key. Takes raw entries: a changed `transform` must not change the key of a queued
 * write.
 */
export function toTransaction(clientId: string, entries: readonly CrudEntryLike[]): UploadTransaction {
  return new RawTransaction(clientId, entries);
}

/** The entries of a transaction as JSON texts ({@link encodeEntry}). */
export function textsOf(transaction: UploadTransaction): readonly string[] {
  return RawTransaction.textsOf(transaction) ?? transaction.entries.map(encodeEntry);
}

/**
 * A transaction as it is queued. It keeps the texts that its key was made from. They are private, so that a copy with
 * other entries doesn't have them.
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
    this.entries = [...entries]; // A copy: a transport that sorts it in place must not change what is completed.
  }

  static textsOf(transaction: UploadTransaction): readonly string[] | undefined {
    // Not `instanceof`: an object that inherits from one would pass, but has no private member.
    return Object.getPrototypeOf(transaction) === RawTransaction.prototype
      ? (transaction as RawTransaction).#texts
      : undefined;
  }
}

/** Identifies the row of an entry. */
export function rowOf({ table, id }: CrudEntryLike): string {
  return JSON.stringify([table, id]);
}

/** The entry as a plain object, without the other members of the SDK's class. */
export function plainEntry(entry: CrudEntryLike): CrudEntryLike {
  const { clientId, op, table, id, transactionId, opData, previousValues, metadata } = entry;
  return { clientId, op, table, id, transactionId, opData, previousValues, metadata };
}
