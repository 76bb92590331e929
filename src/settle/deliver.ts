import type { Outcome } from '../outcome/outcome.ts';
import { UploadError } from '../outcome/upload-error.ts';
import { defaultVerdict, type Verdict } from '../outcome/verdict.ts';
import type { UploadTransaction } from '../queue/transaction.ts';

type Transactions = readonly UploadTransaction[];

/** What is known of one transaction after sending, with the verdict on its failure; `skipped`: nothing to send. */
export type Delivered = { readonly status: 'applied' | 'skipped' | 'not_attempted' } | Failed;

export interface Failed {
  readonly status: 'failed';
  readonly error: UploadError;
  readonly verdict: Verdict;
  /** Said of this transaction in the contract's form, not read from the refusal of a whole request. */
  readonly inBand: boolean;
  readonly entryIndex?: number | undefined;
  readonly appliedEntries?: readonly number[] | undefined;
  readonly details?: unknown;
  readonly needsDecision?: boolean | undefined;
}

/** Gives the verdict on a failure, and the error to show for it; asked once for each. Never throws. */
export type Judge = (
  error: UploadError,
  inBand: boolean,
  details?: unknown,
) => { readonly error: UploadError; readonly verdict: Verdict };

/** What one call of `uploadData()` delivers with. */
export interface Delivery {
  readonly send: (transactions: Transactions) => Promise<readonly Outcome[]>;
  readonly judge: Judge;
  /** Told the size of a batch that should have been smaller. */
  readonly tooMuch: (size: number) => void;
  /** Refusals of single transactions in a row after which nothing more is sent in this call: bisecting on would only load
   * a broken backend. */
  readonly maxRefusals: number;
}

/**
 * Sends transactions and returns what is known of each, also where the transport threw.
 *
 * A refusal of the whole batch says nothing of the single transaction, so it is sent again in halves, in order, until
 * the one at fault is alone (*bisect*). What was settled before a failure keeps its outcome.
 *
 * @param inARow Refusals just before these transactions.
 */
export async function deliver(
  transactions: Transactions,
  delivery: Delivery,
  inARow = 0,
): Promise<Delivered[]> {
  const size = transactions.length;
  let refusal: Failed;
  try {
    const outcomes = checkOutcomes(await delivery.send(transactions), size);
    return outcomes.map((outcome) => judged(outcome, delivery.judge));
  } catch (thrown) {
    refusal = { status: 'failed', ...delivery.judge(UploadError.from(thrown), false), inBand: false };
  }
  if (stays(refusal) || size === 1) return [refusal, ...notAttempted(size - 1)];
  // An ambiguous refusal may be an outage: the next call then begins small, instead of bisecting anew.
  if (refusal.error.code === 'too_large' || refusal.verdict === 'ambiguous') delivery.tooMuch(size);
  const half = Math.ceil(size / 2);
  const left = await deliver(transactions.slice(0, half), delivery, inARow);
  const after = refusalsAtTheEnd(left, inARow);
  if (left.some(endsTheCall) || after >= delivery.maxRefusals) return [...left, ...notAttempted(size - half)];
  return [...left, ...(await deliver(transactions.slice(half), delivery, after))];
}

function refusalsAtTheEnd(delivered: readonly Delivered[], before: number): number {
  let count = before;
  for (const each of delivered) count = each.status === 'failed' && !each.inBand ? count + 1 : 0;
  return count;
}

function stays(delivered: Delivered): boolean {
  return delivered.status === 'failed' && (delivered.verdict === 'retry' || delivered.verdict === 'hold');
}

/** Whether nothing behind it is to be sent in the same call. */
function endsTheCall(delivered: Delivered): boolean {
  return delivered.status === 'failed'
    ? delivered.verdict !== 'reject'
    : delivered.status === 'not_attempted';
}

function judged(outcome: Outcome, judge: Judge): Delivered {
  if (outcome.status === 'applied' || outcome.status === 'not_attempted') return { status: outcome.status };
  const error = UploadError.from(outcome.error);
  const { inBand = true } = outcome;
  if (outcome.status === 'retry') {
    const verdict = defaultVerdict(error.code) === 'hold' ? 'hold' : 'retry';
    return { status: 'failed', inBand, ...(inBand ? { error, verdict } : judge(error, false)) };
  }
  const { entryIndex, appliedEntries, details, needsDecision } = outcome;
  const said = { entryIndex, appliedEntries, details, needsDecision };
  return { status: 'failed', inBand, ...said, ...judge(error, inBand, details) };
}

const STATUSES: readonly unknown[] = [
  'applied',
  'rejected',
  'retry',
  'not_attempted',
] satisfies Outcome['status'][];

function checkOutcomes(outcomes: readonly Outcome[], size: number): readonly Outcome[] {
  const count = Array.isArray(outcomes) ? outcomes.length : 'no';
  if (count !== size) {
    throw new UploadError(
      'misconfigured',
      `The transport returned ${count} outcomes for ${size} transactions.`,
    );
  }
  if (![...outcomes].every((outcome) => STATUSES.includes(outcome?.status))) {
    throw new UploadError('misconfigured', 'The transport returned an outcome without a known status.');
  }
  return outcomes;
}

function notAttempted(count: number): Delivered[] {
  return Array.from({ length: count }, () => ({ status: 'not_attempted' }));
}
