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

/** Whole transactions at the head of the queue that are sent together, if the backend takes that many. */
export interface QueuedBatch {
  /** Each as its raw entries; never empty. All of one owner. */
  readonly transactions: Transactions;
  readonly owner: Owner;
  /** {@link versionOf} */
  readonly ownerVersion: number;
  /** Whether the database may have recorded rejected writes. */
  readonly mayHaveRejected: boolean;
  /** Prepares the completion, and looks at what is behind the batch: while its request is under way, this costs no time. */
  lookAhead(): void;
  /**
   * Removes the first transactions from the queue. False if another tab or process has removed them already.
   *
   * @param settled How many, at least one.
   * @param isStopped The next one has to stay, so nothing is known of how many the transport takes.
   * @throws UploadError `unknown` if something else removed a part of them meanwhile.
   */
  complete(settled: number, isStopped: boolean): Promise<boolean>;
}

/** Reads the queue from its head, one batch after another. */
export interface BatchReader {
  /**
   * The next batch, of at most so many transactions; null when nothing is queued.
   *
   * @throws UploadError `owner_mismatch` if somebody else has written it than who is signed in, `misconfigured` if the
   * batching strategy returns no number.
   */
  next(database: ConnectorDatabase, most: number, deadline: Deadline): Promise<QueuedBatch | null>;
}

export interface BatchReaderOptions {
  /** Chooses how many of the queued transactions are sent together. */
  readonly batching: (queued: Transactions) => number;
  /** The most that a batch may take, as far as that is known. */
  readonly bounds: Bounds;
  /** How many transactions the strategy is offered before it is known how many it takes. */
  readonly firstOffer: number;
}

/** What was seen of the queue behind the last batch while that was under way. */
interface SeenAhead {
  readonly database: ConnectorDatabase;
  readonly bounds: Bounds;
  readonly survey: Promise<Survey | undefined> | undefined;
}

export function createBatchReader({ batching, bounds: most, firstOffer }: BatchReaderOptions): BatchReader {
  let offer = firstOffer;
  let ahead: SeenAhead | undefined;

  /** Reads the head of the queue: as it was surveyed while the last batch was under way, if it can't have grown since. */
  async function readHead(
    database: ConnectorDatabase,
    bounds: Bounds,
    deadline: Deadline,
  ): Promise<QueueHead | null> {
    const isNext = ahead?.database === database && ahead.bounds.transactions === bounds.transactions;
    const seen = isNext ? await deadline.race(ahead?.survey) : undefined;
    const isFull = seen && (seen.haveMore || seen.entries >= bounds.entries); // else more may have been queued since
    const [head, hasRejected] = await deadline.race(
      Promise.all([
        readQueue(database, bounds, isFull ? seen : undefined),
        isFull && !seen.hasRejected && hasTable(database, 'connector_rejected_writes'), // Another tab may have made it.
      ]),
    );
    return head && { ...head, mayHaveRejected: head.mayHaveRejected || !!hasRejected };
  }

  /**
   * One transaction more than the last batch took, if it took fewer than it was offered, because the strategy wants no
   * more or the transport has no room; else up to all that a batch may take.
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
  // A copy: one that sorts in place must not reach what is sent, and what the queue is completed by.
  const wanted: unknown = batching(offered.map((entries) => [...entries]));
  if (!(typeof wanted === 'number' && wanted >= 1)) {
    throw new UploadError(
      'misconfigured',
      'The batching strategy must return how many transactions to send, at least 1.',
    );
  }
  return Math.floor(wanted);
}
