import type { ConnectorDatabase } from '../database/database.ts';
import { type RetryBudget, UploadError } from '../error/upload-error.ts';
import type { ResolvedOptions } from '../options.ts';
import type { Owner } from '../queue/owner-borders.ts';
import { rowOf } from '../queue/transaction.ts';
import type { Unanswered } from '../queue/unanswered.ts';
import { forgetApplied } from '../rejections/rows.ts';
import type { Publisher } from '../status/publisher.ts';
import type { Deadline } from '../time/deadline.ts';
import { type Breaker, isCertain } from './breaker.ts';
import type { Failed, Item, Stop } from './item.ts';
import type { Rejecting } from './rejecting.ts';
import { both, countTry, isSpent } from './tries.ts';

export interface DecisionParts {
  readonly options: Pick<ResolvedOptions, 'retry' | 'clock'>;
  readonly breaker: Breaker;
  readonly unanswered: Unanswered;
  readonly rejecting: Rejecting;
  readonly publisher: Publisher;
}

/** What one upload is about. */
export interface DecisionCall {
  readonly database: ConnectorDatabase;
  readonly deadline: Deadline;
  /** Who wrote what is being sent. */
  readonly owner: Owner;
}

export interface Decisions {
  /** {@link WalkRules.decide} */
  decide(
    call: DecisionCall,
    item: Item,
    failed: Failed,
    overtakenBy: readonly Item[],
  ): Promise<Stop | 'again' | undefined>;
  /** {@link WalkRules.notReached} */
  notReached(item: Item, failed: Failed, overtakenBy: readonly Item[]): void;
  /** The app says that refusals were the writes' fault: what is applied now contradicts nothing. */
  trust(): void;
  /** {@link WalkRules.applied} */
  applied(call: DecisionCall, items: readonly Item[]): Promise<void>;
}

const ONCE: RetryBudget = { tries: 1, minMs: 0 };
/** For a refusal that may be about the replay: "still being processed" passes, a key that was used for good doesn't. */
const REPLAY: RetryBudget = { tries: 5, minMs: 50_000 };

/**
 * Decides on transactions that failed: one stays, or is believed to be at fault and goes to the rejection policy.
 *
 * Where the backend itself went on behind one that it refused, that one can't be kept in front of the others any more: it
 * goes to the policy at once, and leaves. The same holds for whatever failed in another way, if a newer write of the same row
 * is applied already.
 *
 * A refusal is believed once it was repeated as often, and for as long, as its doubts ask for: an ambiguous answer has a
 * budget of its own, a refusal of what an earlier try may have applied another, and the breaker adds to both.
 */
export function createDecisions({
  options,
  breaker,
  unanswered,
  rejecting,
  publisher,
}: DecisionParts): Decisions {
  /** Refused, and not believed: if it is applied after all, refusals of this backend can't be trusted. */
  let doubted: string | undefined;

  const opened = (isOpen: boolean): void => {
    if (isOpen) publisher.publish({ type: 'breaker' }, { breaker: 'open' });
  };

  /** Undefined once the refusal is believed. */
  async function doubtOf(
    { database, deadline }: DecisionCall,
    key: string,
    failed: Failed,
    isReplay: boolean,
  ): Promise<Stop | 'again' | undefined> {
    const { error } = failed;
    const own = ownBudget(failed, isReplay, options.retry.ambiguous);
    if (!own) return { error, hold: false };
    const needed = both(own, await breaker.budget(database, isCertain(failed) && !isReplay));
    if (needed.tries === 1 && needed.minMs === 0) return undefined;
    const now = options.clock();
    const tries = await countTry(database, key, now);
    if (isSpent(tries, needed, now)) return undefined;
    if (own === ONCE) doubted = key;
    // In doubt only because others were refused just before: another try at once may tell.
    if (own === ONCE && needed.minMs === 0 && !deadline.error) return 'again';
    const leftMs = tries.since + needed.minMs - now;
    return {
      error: own === ONCE ? unconfirmed(error) : error,
      hold: false,
      // The tries that are left have their place in the time that is left.
      withinMs: leftMs > 0 ? leftMs / Math.max(1, needed.tries - tries.count) : undefined,
    };
  }

  return {
    async decide(call, item, failed, overtakenBy) {
      const { error, verdict } = failed;
      const { database } = call;
      const { key } = item.transaction;
      const cannotWait = isOvertaken(item, failed, overtakenBy);
      const isDecided = cannotWait || rejecting.asked(key) !== undefined;
      if (!isDecided && (verdict === 'retry' || verdict === 'hold'))
        return { error, hold: verdict === 'hold' };
      const mayBeApplied = await unanswered.includes(database, item);
      const isReplay = mayBeApplied && mayBeAboutReplay(error);
      if (!isDecided) {
        const doubt = await doubtOf(call, key, failed, isReplay);
        if (doubt) return doubt;
      }
      if (doubted === key) doubted = undefined;
      const stop = await rejecting.decide(item, failed, { ...call, cannotWait, mayBeApplied });
      // One that refuses this and applies what is behind it tells them apart, so it is well.
      if (!stop && !cannotWait) opened(await breaker.refused(database, isCertain(failed) && !isReplay));
      return stop;
    },

    notReached(item, failed, overtakenBy) {
      if (isOvertaken(item, failed, overtakenBy)) rejecting.postpone(item.transaction.key, failed);
    },

    trust() {
      doubted = undefined;
    },

    async applied({ database }, items) {
      const keys = items.map(({ transaction }) => transaction.key);
      if (doubted !== undefined && keys.includes(doubted)) {
        doubted = undefined;
        opened(await breaker.contradicted(database));
      } else {
        await breaker.succeeded(database);
        if (publisher.status.breaker === 'open' && !(await breaker.isOpen(database)))
          publisher.set({ breaker: 'closed' });
      }
      const listed = items.filter(({ isListed }) => isListed).map(({ transaction }) => transaction.key);
      if (listed.length) await forgetApplied(database, listed).catch(() => {}); // listRejected() looks once more
    },
  };
}

/** Whether it must not be sent again, since what is applied already would come before it then. */
function isOvertaken(item: Item, { verdict }: Failed, overtakenBy: readonly Item[]): boolean {
  return verdict === 'reject' ? overtakenBy.length > 0 : shareRows(item, overtakenBy);
}

/** Whether any of the others has an entry for a row of this one: sent again, it would undo what is newer. */
function shareRows({ raw }: Item, others: readonly Item[]): boolean {
  const rows = new Set(raw.map(rowOf));
  return others.some((other) => other.raw.some((entry) => rows.has(rowOf(entry))));
}

/** What the answer itself asks for, before it is believed; without one, it never is. */
function ownBudget(
  { verdict, error }: Failed,
  isReplay: boolean,
  set: RetryBudget | false | undefined,
): RetryBudget | false | undefined {
  if (verdict === 'ambiguous') return set ?? error.budget;
  return isReplay ? REPLAY : ONCE;
}

/** "The key is in use", or "the row is there already": true of a write that an earlier try has applied. */
function mayBeAboutReplay({ code, status }: UploadError): boolean {
  return code === 'conflict' || status === 409 || status === 422;
}

function unconfirmed(cause: UploadError): UploadError {
  return new UploadError(
    'misconfigured',
    'The backend refused several transactions, so the fault may be its own: each further one is believed only after six ' +
      'tries over ten minutes, or once resetBreaker() is called. The writes stay queued.',
    { cause, status: cause.status },
  );
}
