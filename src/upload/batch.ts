import type { TokenSource } from '../auth/token-cache.ts';
import type { ConnectorDatabase } from '../database/database.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import type { BatchReader } from '../queue/batch-reader.ts';
import { countEntries } from '../queue/complete-prefix.ts';
import type { Unanswered } from '../queue/unanswered.ts';
import { recordedStates } from '../rejections/rows.ts';
import type { Publisher } from '../status/publisher.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Gate } from '../time/gate.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import { createAttempt } from './attempt.ts';
import type { Breaker } from './breaker.ts';
import type { Decisions } from './decide.ts';
import type { Item } from './item.ts';
import { judgeWith } from './judge.ts';
import { marking } from './marking.ts';
import { prepare } from './prepare.ts';
import type { Rejecting } from './rejecting.ts';
import type { SignedIn } from './signed-in.ts';
import { createSizing } from './sizing.ts';
import { type Settlement, walk } from './walk.ts';

/** The parts that a batch passes through. Each keeps its own state between batches. */
export interface BatchPath {
  readonly options: Pick<ResolvedOptions, 'transport' | 'clock' | 'transforms' | 'classify'>;
  readonly reader: BatchReader;
  readonly tokens: TokenSource;
  readonly signedIn: SignedIn;
  readonly limit: AdaptiveLimit;
  readonly breaker: Breaker;
  readonly decisions: Decisions;
  readonly rejecting: Rejecting;
  readonly unanswered: Unanswered;
  readonly gate: Gate;
  readonly publisher: Publisher;
  readonly count: (database: ConnectorDatabase) => Promise<void>;
}

/** One call of `uploadData()`. */
export interface BatchCall {
  readonly database: ConnectorDatabase;
  readonly clientId: string;
  readonly deadline: Deadline;
  /** Called with a call of the transport or the rejection policy that goes on after the deadline. */
  readonly outlives: (work: Promise<unknown>) => void;
}

export type BatchUpload = (call: BatchCall) => Promise<Settlement | null>;

/**
 * Uploads one batch from the head of the queue: reads, prepares, sends, settles and completes it. Null when nothing is
 * queued.
 *
 * Throws only if nothing was settled. A transaction that has to stay is part of the settlement.
 */
export function createBatchUpload(path: BatchPath): BatchUpload {
  const { options, reader, signedIn, limit, breaker, decisions, rejecting, unanswered, gate, publisher } =
    path;
  const judge = judgeWith(options);

  return async (call) => {
    const { database, clientId, deadline, outlives } = call;

    const isOpen = await deadline.race(breaker.isOpen(database));
    publisher.set({ breaker: isOpen ? 'open' : 'closed' });
    // While the breaker is open, a single transaction is enough to see whether the backend has recovered.
    const most = isOpen && !breaker.isWell(database) ? 1 : limit.current;
    const batch = await reader.next(database, most, deadline);
    if (!batch) return null;
    signedIn.is(batch.ownerVersion);
    const about = { database, deadline, owner: batch.owner };

    const items = await prepare(batch.transactions, {
      database,
      clientId,
      transforms: options.transforms,
      judge,
      deadline,
      recorded: async (keys) => (batch.mayHaveRejected ? recordedStates(database, keys) : new Map()),
      asked: rejecting.asked,
    });

    const sizing = createSizing(limit, gate, items);
    const attempt = createAttempt({
      ...path,
      ...call,
      owner: batch.owner,
      attempt: gate.failures + 1,
      wasRefused: decisions.wasRefused,
    });
    const counted = path.count(database);
    batch.lookAhead();
    const settlement = await walk(items, {
      send: marking(unanswered, about, sizing.watch(attempt)),
      judge,
      tooMuch: sizing.tooMuch,
      async unanswered(sent) {
        const { kept } = unanswered.add(database, sent);
        if (!deadline.error) await kept;
      },
      applied: (those) => decisions.applied(about, those),
      decide: (item, failed, overtakenBy) => decisions.decide(about, item, failed, overtakenBy),
      notReached: decisions.notReached,
    });
    // The next upload has to wait for the policy: else a write could be applied and also be recorded as rejected.
    if (deadline.error) outlives(rejecting.idle());
    await deadline.race(counted).catch(() => {}); // Counting must not hold up the batch.
    if (settlement.settled === 0 && !settlement.stop) {
      throw new UploadError(
        'misconfigured',
        'The transport did not attempt the first transaction of the batch. The writes stay queued.',
      );
    }

    if (settlement.settled > 0 && (await batch.complete(settlement.settled, settlement.stop !== undefined))) {
      sizing.succeeded(settlement);
      publishCompleted(publisher, items, settlement);
    }
    sizing.ended(settlement.stop?.error);
    return settlement;
  };
}

function publishCompleted(
  publisher: Publisher,
  items: readonly Item[],
  { settled, applied, rejected }: Settlement,
): void {
  const key = items[0]?.transaction.key ?? '';
  const entries = countEntries(items.slice(0, settled).map(({ raw }) => raw));
  const queuedEntries = Math.max(0, (publisher.status.queuedEntries ?? entries) - entries);
  publisher.publish(
    { type: 'completed', key, applied, rejected },
    { queuedEntries, phase: 'idle', inFlight: undefined },
    { applied, rejected },
  );
}
