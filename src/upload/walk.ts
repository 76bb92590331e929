import { nothingWasSent } from '../auth/token-failure.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Delivered, Failed, Item, Stop } from './item.ts';
import { type Judge, judgeOutcome, judgeThrown } from './judge.ts';

/** What one batch came to. */
export interface Settlement {
  /** Transactions at the head that may leave the queue. */
  readonly settled: number;
  /** How many of them the backend applied; the others had nothing to send. */
  readonly applied: number;
  /** How many of them were rejected. */
  readonly rejected: number;
  /** Why the next one stays; absent when it merely wasn't sent. */
  readonly stop?: Stop;
}

/** What the walk asks of the rest of the connector. */
export interface WalkRules {
  /** Calls the transport: one outcome for each transaction. */
  readonly send: (items: readonly Item[]) => Promise<readonly Outcome[]>;
  readonly judge: Judge;
  /** Told of a batch that should have been smaller. */
  readonly tooMuch: (size: number) => void;
  /** Told of transactions that the backend may have applied, though nobody knows. */
  readonly unanswered: (items: readonly Item[]) => Promise<void>;
  /** Told of transactions that one answer says are applied. */
  readonly applied: (items: readonly Item[]) => Promise<void>;
  /**
   * Decides on a failure: undefined lets the transaction go, `'again'` asks the backend once more. Where it throws, the
   * transaction stays.
   *
   * @param overtakenBy What stood behind it in the same request, and is applied already.
   */
  readonly decide: (
    item: Item,
    failed: Failed,
    overtakenBy: readonly Item[],
  ) => Promise<Stop | 'again' | undefined>;
  /** Told of a failure behind the one that stays: it is decided on later. */
  readonly notReached: (item: Item, failed: Failed, overtakenBy: readonly Item[]) => void;
}

/** Ends the walk where the transport had no room for more. */
const NOT_SENT = 'not sent';
type End = Stop | typeof NOT_SENT | undefined;

/**
 * Sends transactions and settles them, in the order of the queue: **nothing is sent behind one whose fate isn't decided**.
 *
 * One request may carry many. A refusal of the whole of it says nothing of the single transaction, so it is sent again in
 * halves until the one at fault is alone (*bisect*): the left half is settled before the right one goes out. The walk ends
 * at the first transaction that has to stay. What was settled before that keeps its outcome, whatever is thrown.
 */
export async function walk(items: readonly Item[], rules: WalkRules): Promise<Settlement> {
  const tally = { settled: 0, applied: 0, rejected: 0 };
  const end = await inOrder(items);
  return end && end !== NOT_SENT ? { ...tally, stop: end } : tally;

  /** What has failed before it was sent is decided in its turn. */
  async function inOrder(run: readonly Item[]): Promise<End> {
    const at = run.findIndex(({ known }) => known?.status === 'failed');
    if (at < 0) return deliver(run);
    return (
      (await deliver(run.slice(0, at))) ??
      (await settle(run.slice(at, at + 1), [])) ??
      inOrder(run.slice(at + 1))
    );
  }

  async function deliver(run: readonly Item[]): Promise<End> {
    const toSend = run.filter(({ known }) => !known);
    const size = toSend.length;
    const answer = size === 0 ? [] : await attempt(toSend);
    if (Array.isArray(answer)) return settle(run, answer);
    const refusal = answer as Failed;
    if (size === 1 || refusal.verdict === 'retry' || refusal.verdict === 'hold')
      return settle(run, [refusal]);
    // An ambiguous refusal may be an outage: the next call then begins small, instead of bisecting anew.
    if (refusal.error.code === 'too_large' || refusal.verdict === 'ambiguous') rules.tooMuch(size);
    const middle = run.indexOf(toSend[Math.ceil(size / 2)] as Item);
    return (await deliver(run.slice(0, middle))) ?? deliver(run.slice(middle));
  }

  /** What is known of each after one request, or the refusal of the request as a whole. */
  async function attempt(toSend: readonly Item[]): Promise<readonly Delivered[] | Failed> {
    try {
      const outcomes = await rules.send(toSend);
      const delivered = outcomes.map((outcome) => judgeOutcome(outcome, rules.judge));
      const lost = toSend.filter((_, index) => isUnanswered(delivered[index]));
      if (lost.length) await rules.unanswered(lost);
      return delivered;
    } catch (thrown) {
      const failed = judgeThrown(thrown, rules.judge);
      if (isUnanswered(failed)) await rules.unanswered(toSend);
      return failed;
    }
  }

  async function settle(run: readonly Item[], delivered: readonly Delivered[]): Promise<End> {
    let sent = 0;
    const whole = run.map((item) => ({ item, said: item.known ?? delivered[sent++] ?? NOT_ATTEMPTED }));
    let applied: Item[] = []; // since the last refusal
    const appliedBehind = (index: number): readonly Item[] =>
      whole.flatMap((each, at) => (at > index && each.said.status === 'applied' ? [each.item] : []));
    const endAt = async (index: number, end: End): Promise<End> => {
      for (const [at, { item, said }] of whole.entries())
        if (at > index && said.status === 'failed') rules.notReached(item, said, appliedBehind(at));
      // They are sent again, and may be refused then because they are applied already, or a part of them is.
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
      // What failed before it was sent isn't transformed, so it must not go out; asking anew would say the same.
      if (item.known) continue;
      const answer = await attempt([item]);
      const said = Array.isArray(answer) ? (answer as readonly Delivered[])[0] : (answer as Failed);
      if (said?.status !== 'failed') return settle([item], said ? [said] : []);
      failed = said;
    }
  }
}

/** What is settled stays settled; this one is tried again. */
function cannotDecide(thrown: unknown): Stop {
  return { error: UploadError.from(thrown), hold: false };
}

const NOT_ATTEMPTED: Delivered = { status: 'not_attempted' };

/** Codes with which the backend says that it did not apply the write. After any other, nobody knows. */
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

/** Whether what was sent may have been applied, for all that this error of a request says. */
export function saysNothing(error: UploadError): boolean {
  const { code, status = 500 } = error;
  // A 404 or 403 is an answer, also where it doesn't say why.
  const isAnswer = ANSWERS.has(code) || (code === 'unclassified' && status < 500);
  return !isAnswer && !nothingWasSent(error);
}
