import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Deadline } from '../time/deadline.ts';
import { completePrefix, handleFor, lastOpId } from './complete-prefix.ts';
import { ofOneOwner } from './one-owner.ts';
import { type Owner, readBorders, versionOf } from './owner-borders.ts';
import { type QueueHead, readQueue } from './read-queue.ts';
import { type Bounds, type Survey, surveyQueue } from './survey.ts';

type Transactions = readonly (readonly CrudEntryLike[])[];

/** Whole transactions from the head of the queue that are sent in one batch, if the transport takes that many. */
export interface QueuedBatch {
  /** Each transaction as its raw entries. Never empty. All were written by the same owner. */
  readonly transactions: Transactions;
  readonly owner: Owner;
  /** Version of the owner borders when the batch was read: {@link versionOf}. */
  readonly ownerVersion: number;
  /** False only if the database can't hold rejected writes. */
  readonly mayHaveRejected: boolean;
  /**
   * Prepares `complete()` and surveys the queue behind the batch. Called while a request is in flight, it costs no
   * time.
   */
  lookAhead(): void;
  /**
   * Removes the first transactions of the batch from the queue. False if another tab or process has already removed
   * them.
   *
   * @param settled How many to remove, at least one.
   * @param isStopped True if the next transaction has to stay: then the count doesn't show how many the transport
   * takes.
   * @throws UploadError `unknown` if something else has removed queued writes, and no handle ends at the last settled
   * one.
   */
  complete(settled: number, isStopped: boolean): Promise<boolean>;
}

/** Reads batches from the head of the queue, one after another. */
export interface BatchReader {
  /**
   * Reads the next batch, of `most` transactions at most; null when nothing is queued.
   *
   * @throws UploadError `owner_mismatch` if its owner isn't the signed-in user, `misconfigured` if the batching
   * strategy doesn't return a number of at least 1.
   */
  next(database: ConnectorDatabase, most: number, deadline: Deadline): Promise<QueuedBatch | null>;
}

export interface BatchReaderOptions {
  /** The batching strategy: returns how many of the queued transactions to send. */
  readonly batching: (queued: Transactions) => number;
  /** The most that a batch can hold, as far as it is known before the strategy is asked. */
  readonly bounds: Bounds;
  /** How many transactions the strategy is offered first, before it is known how many it takes. */
  readonly firstOffer: number;
}

/** A survey of the queue behind the last batch, made while that batch was in flight. */
interface SeenAhead {
  readonly database: ConnectorDatabase;
  readonly bounds: Bounds;
  readonly survey: Promise<Survey | undefined> | undefined;
}

export function createBatchReader({ batching, bounds: most, firstOffer }: BatchReaderOptions): BatchReader {
  let offer = firstOffer;
  let ahead: SeenAhead | undefined;

  /**
   * Reads the head of the queue. Uses the survey made during the last batch if nothing can have been added to its
   * range.
   */
  async function readHead(
    database: ConnectorDatabase,
    bounds: Bounds,
    deadline: Deadline,
  ): Promise<QueueHead | null> {
    const isNext = ahead?.database === database && ahead.bounds.transactions === bounds.transactions;
    const seen = isNext ? await deadline.race(ahead?.survey) : undefined;
    const isFull = seen && (seen.haveMore || seen.entries >= bounds.entries); // if not, more may have been queued since
    const [head, hasRejected] = await deadline.race(
      Promise.all([
        readQueue(database, bounds, isFull ? seen : undefined),
        isFull && !seen.hasRejected && hasTable(database, 'connector_rejected_writes'), // Another tab may have made it.
      ]),
    );
    return head && { ...head, mayHaveRejected: head.mayHaveRejected || !!hasRejected };
  }

  /**
   * Sets how many transactions the next batch is offered. If the last batch took fewer than it was offered (the
   * strategy wanted no more, or the transport had no room), one more than it took. If it took all, up to four times as
   * many.
   */
  function learn(offered: number, took: number): void {
    const next = took < offered ? took + 1 : Math.max(offer, 4 * took);
    offer = Math.min(next, most.transactions);
  }

  return {
    async next(database, mostNow, deadline) {
      const bounds = { ...most, transactions: Math.min(offer, mostNow) };
      const head = await readHead(database, bounds, deadline);
      if (!head) return null;
      const borders = head.mayHaveOwners ? await deadline.race(readBorders(database)) : [];
      const { owner, transactions: theirs } = ofOneOwner(head.transactions, borders);
      const offered = theirs.slice(0, mostNow);
      const transactions = offered.slice(0, batchSize(batching, offered));
      let ending: ReturnType<typeof handleFor> | undefined;
      let behind: Promise<Survey | undefined> | undefined;
      return {
        transactions,
        owner,
        ownerVersion: versionOf(borders),
        mayHaveRejected: head.mayHaveRejected,
        lookAhead() {
          ending = handleFor(database, head, transactions);
          behind = head.handle.haveMore ? surveyQueue(database, bounds, lastOpId(transactions)) : undefined;
        },
        async complete(settled, isStopped) {
          const handle = (await ending) ?? null;
          if (!(await completePrefix(database, transactions.slice(0, settled), handle))) return false;
          ahead = settled === transactions.length ? { database, bounds, survey: behind } : undefined;
          if (!isStopped) learn(offered.length, settled);
          return true;
        },
      };
    },
  };
}

function batchSize(batching: BatchReaderOptions['batching'], offered: Transactions): number {
  // A copy: a strategy that sorts it in place must not change what is sent and completed.
  const wanted: unknown = batching(offered.map((entries) => [...entries]));
  if (!(typeof wanted === 'number' && wanted >= 1)) {
    throw new UploadError(
      'misconfigured',
      'The batching strategy must return how many transactions to send, at least 1. The writes stay queued.',
    );
  }
  return Math.floor(wanted);
}
