import type { TokenSource } from '../auth/token-cache.ts';
import type { ConnectorDatabase, CrudEntryLike } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import { completePrefix, countEntries, handleFor, lastOpId } from '../queue/complete-prefix.ts';
import { ofOneOwner } from '../queue/one-owner.ts';
import { readBorders, versionOf } from '../queue/owner-borders.ts';
import { readQueue } from '../queue/read-queue.ts';
import { type Bounds, type Survey, surveyQueue } from '../queue/survey.ts';
import type { Unanswered } from '../queue/unanswered.ts';
import { recordedStates } from '../rejections/rows.ts';
import type { Publisher } from '../status/publisher.ts';
import type { Deadline } from '../time/deadline.ts';
import type { Gate } from '../time/gate.ts';
import type { AdaptiveLimit } from './adaptive-limit.ts';
import { createSender } from './attempt.ts';
import type { Breaker } from './breaker.ts';
import type { Decisions } from './decide.ts';
import { judgeWith } from './judge.ts';
import { prepare } from './prepare.ts';
import type { Rejecting } from './rejecting.ts';
import { type Settlement, saysNothing, walk } from './walk.ts';

/** What lives as long as the connector, and is only a hint: all of it may be lost without losing a write. */
export interface Parts {
  readonly options: ResolvedOptions;
  readonly tokens: TokenSource;
  readonly gate: Gate;
  readonly limit: AdaptiveLimit;
  readonly breaker: Breaker;
  readonly unanswered: Unanswered;
  readonly rejecting: Rejecting;
  readonly decisions: Decisions;
  readonly publisher: Publisher;
  /** How many transactions the batching strategy is offered next: see `nextOffer()`. */
  offer: number;
  /** What was seen of the queue behind the last batch while that was under way. */
  next:
    | { database: ConnectorDatabase; bounds: Bounds; survey: Promise<Survey | undefined> | undefined }
    | undefined;
  /** The change of users that tokens are from: see `versionOf()`. */
  userVersion: number;
  /** When the queue is counted again, in epoch milliseconds. */
  countAgainAt: number;
}

type Transactions = readonly (readonly CrudEntryLike[])[];

/** A request that takes longer is taken for unanswered meanwhile, in case the app is killed. */
const SLOW_MS = 500;

/**
 * Uploads one batch from the head of the queue: read, transform, send, settle, complete. Null when nothing is queued.
 *
 * Throws only where nothing was settled; a transaction that has to stay is told in the settlement.
 *
 * @param outlives Told of a call of the transport or the rejection policy that goes on after its deadline.
 */
export async function uploadBatch(
  parts: Parts,
  database: ConnectorDatabase,
  clientId: string,
  deadline: Deadline,
  outlives: (work: Promise<unknown>) => void,
): Promise<Settlement | null> {
  const { options, limit, publisher, tokens, gate, unanswered, rejecting, decisions } = parts;

  const bounds = { ...options.bounds, transactions: Math.min(parts.offer, limit.current) };
  const batch = await readBatch(parts, database, bounds, deadline);
  if (!batch) return null;
  const { head, owner, offered, chosen, mayHaveRejected } = batch;

  const judge = judgeWith(options);
  const items = await prepare(chosen, {
    clientId,
    transforms: options.transforms,
    judge,
    deadline,
    recorded: (keys) => (mayHaveRejected ? recordedStates(database, keys) : NO_STATES),
    asked: rejecting.asked,
  });
  const unsent = items.filter(({ known }) => !known).length;
  let mostTaken = unsent;
  const tooMuch = (size: number): void => {
    mostTaken = 0; // What was bisected went through in parts: no success of its size.
    limit.failed(size);
  };
  const call = { database, deadline, owner };
  const send = createSender({
    options,
    tokens,
    publisher,
    clientId,
    ...call,
    userVersion: () => parts.userVersion,
    attempt: gate.failures + 1,
    outlives,
  });
  // While the request is under way:
  const counted = countQueue(parts, database);
  const ending = handleFor(database, head, chosen);
  const next = head.handle.haveMore ? surveyQueue(database, bounds, lastOpId(chosen)) : undefined;

  let failed: { readonly error: UploadError; readonly size: number } | undefined; // the last request
  const settlement = await walk(items, {
    async send(sent) {
      let slow: ReturnType<Unanswered['add']> | undefined;
      failed = undefined;
      const timer = setTimeout(() => {
        slow = unanswered.add(database, sent);
      }, SLOW_MS);
      try {
        return await send(sent.map(({ transaction }) => transaction));
      } catch (thrown) {
        failed = { error: UploadError.from(thrown), size: sent.length };
        throw failed.error;
      } finally {
        clearTimeout(timer);
        // What isn't answered stays written down: the app may be killed before the walk has looked at it.
        if (!failed || !saysNothing(failed.error)) await deadline.race(slow?.undo()).catch(() => {});
      }
    },
    judge,
    tooMuch,
    async unanswered(sent) {
      const { kept } = unanswered.add(database, sent);
      if (!deadline.error) await kept;
    },
    applied: (those) => decisions.applied(call, those),
    decide: (item, failed, overtakenBy) => decisions.decide(call, item, failed, overtakenBy),
    notReached: decisions.notReached,
  });
  if (deadline.error) outlives(rejecting.idle()); // Were the write sent meanwhile, it might be applied and recorded.
  await deadline.race(counted).catch(() => {}); // What was delivered is settled, however long counting takes.
  if (settlement.settled === 0 && !settlement.stop) {
    throw new UploadError(
      'misconfigured',
      'The transport did not attempt the first transaction of the batch.',
    );
  }

  const { settled, applied, rejected } = settlement;
  const leaving = chosen.slice(0, settled);
  if (settled > 0 && (await completePrefix(database, leaving, await ending))) {
    parts.next = settled === chosen.length ? { database, bounds, survey: next } : undefined;
    if (!settlement.stop) parts.offer = nextOffer(parts, offered.length, settled);
    limit.succeeded(Math.min(applied + rejected, mostTaken));
    const key = items[0]?.transaction.key ?? '';
    publishCompleted(publisher, key, countEntries(leaving), settlement);
  }
  if (failed && settlement.stop?.error === failed.error && isTooMuch(parts, failed.error))
    tooMuch(failed.size);
  return settlement;
}

const NO_STATES: Promise<ReadonlyMap<string, string>> = Promise.resolve(new Map());

/** What the next batch takes from the head of the queue, and who wrote it; null when nothing is queued. */
async function readBatch(parts: Parts, database: ConnectorDatabase, bounds: Bounds, deadline: Deadline) {
  const { options, limit, breaker, next } = parts;
  const isNext = next?.database === database && next.bounds.transactions === bounds.transactions;
  const seen = isNext ? await deadline.race(next.survey) : undefined;
  const isFull = seen && (seen.haveMore || seen.entries >= bounds.entries); // else more may have been queued since
  const [head, hasRejected] = await deadline.race(
    Promise.all([
      readQueue(database, bounds, isFull ? seen : undefined),
      isFull && !seen.hasRejected && hasTable(database, 'connector_rejected_writes'), // Another tab may have made it.
    ]),
  );
  if (!head) return null;
  const mayHaveRejected = head.mayHaveRejected || hasRejected;
  const borders = head.mayHaveOwners ? await deadline.race(readBorders(database)) : [];
  noteUser(parts, versionOf(borders));
  const { owner, transactions } = ofOneOwner(head.transactions, borders);
  // While the breaker is open, a single transaction is enough to see whether the backend has recovered.
  const isOpen = await deadline.race(breaker.isOpen(database));
  parts.publisher.set({ breaker: isOpen ? 'open' : 'closed' });
  const offered = transactions.slice(0, isOpen && !breaker.isWell(database) ? 1 : limit.current);
  const chosen = offered.slice(0, batchSize(options, offered));
  return { head, owner, offered, chosen, mayHaveRejected };
}

function publishCompleted(
  publisher: Publisher,
  key: string,
  entries: number,
  { applied, rejected }: Settlement,
): void {
  const queueLength = Math.max(0, (publisher.status.queueLength ?? entries) - entries);
  publisher.publish(
    { type: 'completed', key, applied, rejected },
    { queueLength, phase: 'idle', inFlight: undefined },
    { applied, rejected },
  );
}

/** Another tab may have called `setOwner()`: a token that was fetched before may be somebody else's. */
function noteUser(parts: Parts, version: number): void {
  if (parts.userVersion !== version) parts.tokens.forget();
  parts.userVersion = version;
}

function batchSize({ batching }: ResolvedOptions, offered: Transactions): number {
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

/**
 * One transaction more than the last batch took, if it took fewer than it was offered, be it that the strategy wants no
 * more or that the transport has no room; else up to all that a batch may take.
 */
function nextOffer({ options, offer }: Parts, offered: number, took: number): number {
  const next = took < offered ? took + 1 : Math.max(offer, 4 * took);
  return Math.min(next, options.bounds.transactions);
}

/** Failures that have nothing to do with how much was sent. */
const ANY_SIZE: readonly UploadErrorCode[] = [
  'aborted',
  'throttled',
  'unauthenticated',
  'owner_mismatch',
  'schema_mismatch',
  'update_required',
];

/**
 * A time-out, or whatever fails twice in a row: browsers show a 413 without CORS headers as a network error, and gateways
 * give up on what takes a backend too long with any 5xx.
 */
function isTooMuch({ gate }: Parts, { code }: UploadError): boolean {
  return code === 'timeout' || (gate.error !== undefined && !ANY_SIZE.includes(code));
}

const MAX_COUNT_PAUSE_MS = 60_000;

/**
 * Counts the queue now and then; between, what leaves it is subtracted. Counting a long queue takes SQLite a while, so it
 * is done the more seldom: it may cost one hundredth of the time.
 */
async function countQueue(parts: Parts, database: ConnectorDatabase): Promise<void> {
  const { clock } = parts.options;
  const { queueLength } = parts.publisher.status;
  const now = clock();
  if (queueLength && now < parts.countAgainAt && now >= parts.countAgainAt - MAX_COUNT_PAUSE_MS) return;
  parts.countAgainAt = now + 1_000;
  try {
    parts.publisher.set({ queueLength: (await database.getUploadQueueStats()).count });
    const took = clock() - now;
    parts.countAgainAt = now + Math.min(Math.max(1_000, 100 * took), MAX_COUNT_PAUSE_MS);
  } catch {
    // A figure to show is no reason to fail.
  }
}
