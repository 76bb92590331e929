import type { CrudEntryLike } from './database.ts';

/** How much to read for the next batch, learnt from what the last one took. Only a hint: a wrong one costs a read. */
export interface ReadPlan {
  /** Entries to read. */
  readonly entries: number;
  /** Whether a batch of so many transactions, which is all that was read, might take more if it were offered more. */
  hasRoom(count: number): boolean;
  /**
   * A batch took these transactions, of so many that were offered.
   *
   * @param isGrowing The next one may be larger.
   */
  took(batch: readonly (readonly CrudEntryLike[])[], offered: number, isGrowing: boolean): void;
}

/** The most entries to read at once, for the sake of memory; a longer transaction is still read whole. */
export const MAX_READ = 10_000;
/** Batches in a row that are offered just what the last one took; then one is offered more, in case that it takes more. */
const MAX_EXACT = 16;

/**
 * As much as the last batch took, and one transaction more, to see where it ends and whether it would take more. But where
 * transactions are of one length, the next batch most likely ends after as many entries: then exactly those are read, and
 * the handle that comes with them completes it.
 */
export function createReadPlan(firstRead: number): ReadPlan {
  let entries = firstRead;
  let full = 0;
  let exact = 0;
  return {
    get entries() {
      return entries;
    },
    hasRoom: (count) => exact === 0 || count < full,
    took(batch, offered, isGrowing) {
      const count = batch.length;
      const total = batch.reduce((sum, transaction) => sum + transaction.length, 0);
      const longest = batch.reduce((most, transaction) => Math.max(most, transaction.length), 0);
      const isFull = count < offered || !this.hasRoom(count);
      if (count < offered) full = count;
      const isEven = longest * count === total;
      exact = isFull && isEven && !isGrowing && exact < MAX_EXACT ? exact + 1 : 0;
      const wanted = isFull ? total + (exact > 0 ? 0 : longest + 1) : Math.max(10 * total, firstRead);
      entries = Math.min(wanted, MAX_READ);
    },
  };
}
