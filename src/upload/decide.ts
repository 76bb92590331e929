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

/** The upload that a decision belongs to. */
export interface DecisionCall {
  readonly database: ConnectorDatabase;
  readonly deadline: Deadline;
  /** Owner of the batch. */
  readonly owner: Owner;
}

export interface Decisions {
  /** See {@link WalkRules.decide}. */
  decide(
    call: DecisionCall,
    item: Item,
    failed: Failed,
    overtakenBy: readonly Item[],
  ): Promise<Stop | 'again' | undefined>;
  /** See {@link WalkRules.notReached}. */
  notReached(item: Item, failed: Failed, overtakenBy: readonly Item[]): void;
  /** Whether the backend has refused it before, and it stayed in the queue. */
  wasRefused(item: Item): boolean;
  /** The app says that the refusals were the writes' fault: a success now doesn't contradict them. */
  trust(): void;
  /** See {@link WalkRules.applied}. */
  applied(call: DecisionCall, items: readonly Item[]): Promise<void>;
}

const ONCE: RetryBudget = { attempts: 1, minMs: 0 };
/**
 * For a refusal that may be about a replay: "still being processed" goes away, a key that is in use for good doesn't.
 */
const REPLAY: RetryBudget = { attempts: 5, minMs: 50_000 };

/**
 * Decides on transactions that failed: a transaction stays queued, or goes to the rejection policy.
 *
 * A refused transaction goes to the policy once its budget of tries and time is spent. An ambiguous answer has a budget
 * of its own. So has the refusal of a write that an earlier try may have applied. The breaker may ask for more of both.
 *
 * If the backend refused a transaction but applied others behind it, it can't be kept in front of them any more. It
 * goes to the policy at once, and leaves the queue. The same goes for a transaction that failed in another way, if a
 * newer write of the same row was applied.
 */
export function createDecisions({
  options,
  breaker,
  unanswered,
  rejecting,
  publisher,
}: DecisionParts): Decisions {
  /** Key of a refused transaction that is tried again. If it is applied, this backend's refusals can't be trusted. */
  let doubted: string | undefined;

  /** Key of the last transaction that was refused and stayed. */
  let refused: string | undefined;

  const opened = (isOpen: boolean): void => {
    if (isOpen) publisher.publish({ type: 'breaker' }, { breaker: 'open' });
  };

  /** Counts a refusal. Returns undefined once its budget is spent; `'again'` to ask at once; or why it stays. */
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
    if (needed.attempts === 1 && needed.minMs === 0) return undefined;
    const now = options.clock();
    const tries = await countTry(database, key, now);
    if (isSpent(tries, needed, now)) return undefined;
    if (own === ONCE) doubted = key;
    // In doubt only because others were refused just before: try again at once.
    if (own === ONCE && needed.minMs === 0 && !deadline.error) return 'again';
    const leftMs = tries.since + needed.minMs - now;
    return {
      error: own === ONCE ? unconfirmed(error) : error,
      hold: false,
      // Spreads the tries that are left over the time that is left.
      withinMs: leftMs > 0 ? leftMs / Math.max(1, needed.attempts - tries.count) : undefined,
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
      const isReplay = mayBeApplied && mayBeAboutReplay(failed);
      refused = key;
      if (!isDecided) {
        const doubt = await doubtOf(call, key, failed, isReplay);
        if (doubt) return doubt;
      }
      if (doubted === key) doubted = undefined;
      const stop = await rejecting.decide(item, failed, { ...call, cannotWait, mayBeApplied });
      // A backend that refuses this one and applies others behind it works: that raises no doubt.
      if (!stop && !cannotWait) opened(await breaker.refused(database, isCertain(failed) && !isReplay));
      return stop;
    },

    notReached(item, failed, overtakenBy) {
      if (isOvertaken(item, failed, overtakenBy)) rejecting.postpone(item.transaction.key, failed);
    },

    wasRefused: ({ transaction, isListed }) => isListed === true || transaction.key === refused,

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
      if (listed.length) await forgetApplied(database, listed).catch(() => {}); // listRejected() removes it later
    },
  };
}

/** Whether it must not be sent again, because it would then be applied after writes that are newer. */
function isOvertaken(item: Item, { verdict }: Failed, overtakenBy: readonly Item[]): boolean {
  return verdict === 'reject' ? overtakenBy.length > 0 : shareRows(item, overtakenBy);
}

/** Whether any of the others has an entry for the same row: sent again, this one would undo the newer write. */
function shareRows({ raw }: Item, others: readonly Item[]): boolean {
  const rows = new Set(raw.map(rowOf));
  return others.some((other) => other.raw.some((entry) => rows.has(rowOf(entry))));
}

/** The budget of the answer itself, without the breaker. Undefined: the write is never rejected. */
function ownBudget(
  { verdict, error }: Failed,
  isReplay: boolean,
  set: RetryBudget | false | undefined,
): RetryBudget | false | undefined {
  if (verdict === 'ambiguous') return set ?? error.budget;
  return isReplay ? REPLAY : ONCE;
}

/**
 * Whether it may mean "the key is in use" or "the row exists": an earlier try may have applied the write. A refusal
 * with a 2xx that gives no reason may mean that, too.
 */
function mayBeAboutReplay({ error: { code, status = 500 }, inBand }: Failed): boolean {
  return code === 'conflict' || status === 409 || status === 422 || (!inBand && status < 300);
}

function unconfirmed(cause: UploadError): UploadError {
  return new UploadError(
    'misconfigured',
    'The backend refused several transactions, so it may be broken. Each further one is rejected only after six tries ' +
      'over ten minutes, or after resetBreaker(). The writes stay queued.',
    { cause, status: cause.status },
  );
}
