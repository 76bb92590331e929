import { nothingWasSent } from '../auth/token-failure.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Answered, Delivered, Failed, Item, Stop } from './item.ts';
import { type Judge, judgeOutcome, judgeThrown } from './judge.ts';

/** Result of one batch. */
export interface Settlement {
  /** Number of transactions at the head of the queue that may leave it. */
  readonly settled: number;
  /** How many of them the backend applied. */
  readonly applied: number;
  /** How many of them were rejected. Those that are neither had nothing to send. */
  readonly rejected: number;
  /** Why the next transaction stays; undefined if it just wasn't sent. */
  readonly stop?: Stop;
}

/** The functions that the walk calls. */
export interface WalkRules {
  /** Calls the transport. */
  readonly send: (items: readonly Item[]) => Promise<readonly Answered[]>;
  readonly judge: Judge;
  /** Called with the size of a batch that was too large. */
  readonly tooMuch: (size: number) => void;
  /** Called with transactions that the backend may have applied without saying so. */
  readonly unanswered: (items: readonly Item[]) => Promise<void>;
  /** Called with transactions that one answer reports as applied. */
  readonly applied: (items: readonly Item[]) => Promise<void>;
  /**
   * Decides on a failure. Undefined: the transaction leaves the queue. `'again'`: it is sent once more, at once. If it
   * throws, the transaction stays.
   *
   * @param overtakenBy Transactions behind it in the same request that were applied.
   */
  readonly decide: (
    item: Item,
    failed: Failed,
    overtakenBy: readonly Item[],
  ) => Promise<Stop | 'again' | undefined>;
  /** Called with a failure behind the transaction that stays. It is decided on later. */
  readonly notReached: (item: Item, failed: Failed, overtakenBy: readonly Item[]) => void;
}

/** What one answer says about each transaction that was sent. */
type Said = ReadonlyMap<Item, Delivered>;
const NOTHING: Said = new Map();

/** Ends the walk at a transaction that the transport didn't send, because it had no room for it. */
const NOT_SENT = 'not sent';
type End = Stop | typeof NOT_SENT | undefined;

/**
 * Sends transactions and settles them, in queue order: **nothing is sent behind a transaction that isn't settled**.
 *
 * One request may hold many transactions. If the request is refused as a whole, that says nothing about a single one.
 * So it is sent again in halves until the transaction at fault is alone (*bisect*). The left half is settled before the
 * right half is sent. The walk ends at the first transaction that has to stay. What was settled before keeps its
 * outcome, whatever is thrown later.
 */
export async function walk(items: readonly Item[], rules: WalkRules): Promise<Settlement> {
  const tally = { settled: 0, applied: 0, rejected: 0 };
  const end = await inOrder(items);
  return end && end !== NOT_SENT ? { ...tally, stop: end } : tally;

  /** Settles in queue order, including transactions that failed before they were sent. */
  async function inOrder(run: readonly Item[]): Promise<End> {
    const at = run.findIndex(({ known }) => known?.status === 'failed');
    if (at < 0) return deliver(run);
    return (
      (await deliver(run.slice(0, at))) ??
      (await settle(run.slice(at, at + 1), NOTHING)) ??
      inOrder(run.slice(at + 1))
    );
  }

  async function deliver(run: readonly Item[]): Promise<End> {
    const toSend = run.filter(({ known }) => !known);
    const size = toSend.length;
    const [first] = toSend;
    if (!first) return settle(run, NOTHING);
    const said = await attempt(toSend);
    if (said instanceof Map) return settle(run, said);
    const refusal = said as Failed;
    if (size === 1 || refusal.verdict === 'retry' || refusal.verdict === 'hold')
      return settle(run, new Map([[first, refusal]]));
    // An ambiguous refusal may be an outage: the next call then starts with a small batch and doesn't bisect again.
    if (refusal.error.code === 'too_large' || refusal.verdict === 'ambiguous') rules.tooMuch(size);
    const middle = run.indexOf(toSend[Math.ceil(size / 2)] as Item);
    return (await deliver(run.slice(0, middle))) ?? deliver(run.slice(middle));
  }

  /** Sends one request. Returns what is known of each transaction, or the failure of the whole request. */
  async function attempt(toSend: readonly Item[]): Promise<Said | Failed> {
    try {
      const answers = await rules.send(toSend);
      const said: Said = new Map(
        answers.map(({ item, outcome }) => [item, judgeOutcome(outcome, rules.judge)]),
      );
      const lost = toSend.filter((item) => isUnanswered(said.get(item)));
      if (lost.length) await rules.unanswered(lost);
      return said;
    } catch (thrown) {
      const failed = judgeThrown(thrown, rules.judge);
      if (isUnanswered(failed)) await rules.unanswered(toSend);
      return failed;
    }
  }

  async function settle(run: readonly Item[], answers: Said): Promise<End> {
    const whole = run.map((item) => ({ item, said: item.known ?? answers.get(item) ?? NOT_ATTEMPTED }));
    let applied: Item[] = []; // since the last refusal
    const appliedBehind = (index: number): readonly Item[] =>
      whole.flatMap((each, at) => (at > index && each.said.status === 'applied' ? [each.item] : []));
    const endAt = async (index: number, end: End): Promise<End> => {
      for (const [at, { item, said }] of whole.entries())
        if (at > index && said.status === 'failed') rules.notReached(item, said, appliedBehind(at));
      // These were applied, at least in part, but are sent again. The backend may then refuse them as duplicates.
      const ahead = whole.filter(({ said }, at) => at >= index && hasAppliedAny(said));
      if (ahead.length) await rules.unanswered(ahead.map(({ item }) => item));
      return end;
    };
    for (const [index, { item, said }] of whole.entries()) {
      if (said.status === 'not_attempted') {
        if (applied.length) await rules.applied(applied);
        return endAt(index, NOT_SENT);
      }
      if (said.status === 'applied') applied.push(item);
      if (said.status === 'failed') {
        if (applied.length) await rules.applied(applied);
        applied = [];
        const end = await settleFailed(item, said, appliedBehind(index));
        if (end) return endAt(index, end);
        continue;
      }
      tally.settled++;
      if (said.status === 'applied') tally.applied++;
      if (said.status === 'recorded') tally.rejected++;
    }
    if (applied.length) await rules.applied(applied);
    return undefined;
  }

  async function settleFailed(item: Item, first: Failed, overtakenBy: readonly Item[]): Promise<End> {
    let failed = first;
    for (;;) {
      const ruling = await rules.decide(item, failed, overtakenBy).catch(cannotDecide);
      if (ruling === undefined) {
        tally.settled++;
        tally.rejected++;
        return undefined;
      }
      if (ruling !== 'again') return ruling;
      // It failed before it was sent, so its transforms aren't done: it must not be sent. Only the decision is
      // repeated.
      if (item.known) continue;
      const answer = await attempt([item]);
      if (!(answer instanceof Map)) {
        failed = answer as Failed;
        continue;
      }
      const said = answer.get(item);
      if (said?.status !== 'failed') return settle([item], answer);
      failed = said;
    }
  }
}

/** The transaction stays and is tried again. What is settled stays settled. */
function cannotDecide(thrown: unknown): Stop {
  return { error: UploadError.from(thrown), hold: false };
}

const NOT_ATTEMPTED: Delivered = { status: 'not_attempted' };

/** Codes that say that the backend did not apply the write. After any other code it may have applied it. */
const ANSWERS: ReadonlySet<string> = new Set([
  'throttled',
  'unauthenticated',
  'owner_mismatch',
  'schema_mismatch',
  'update_required',
  'invalid',
  'forbidden',
  'not_found',
  'conflict',
  'too_large',
]);

function hasAppliedAny(said: Delivered | NonNullable<Item['known']>): boolean {
  return said.status === 'applied' || (said.status === 'failed' && !!said.appliedEntries?.length);
}

function isUnanswered(said: Delivered | undefined): boolean {
  return said?.status === 'failed' && !said.inBand && saysNothing(said.error);
}

/** Whether the backend may have applied what was sent, as far as this error tells. */
export function saysNothing(error: UploadError): boolean {
  const { code, status = 500 } = error;
  // A 404 or 403 is an answer, even without a reason.
  const isAnswer = ANSWERS.has(code) || (code === 'unclassified' && status < 500);
  return !isAnswer && !nothingWasSent(error);
}
