import { UploadError } from '../outcome/upload-error.ts';
import type { Delivered, Failed } from './deliver.ts';

/** What settling asks of the rest of the connector. */
export interface SettleRules {
  /** Counts one more ambiguous answer; true once the budget of the transaction at `index` is used up. */
  budgetIsSpent(index: number, failed: Failed): Promise<boolean>;
  /** False while too many refusals came one after another. */
  mayReject(): Promise<boolean>;
  /** Asks the rejection policy: undefined lets the transaction go. */
  decide(index: number, failed: Failed): Promise<Stop | undefined>;
  /** Transactions were applied, or else one goes through a refusal that isn't certain. */
  tell(applied: boolean): Promise<void>;
}

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

/** Why a transaction stays; `hold` where it waits for the app, not for time. */
export interface Stop {
  readonly error: UploadError;
  readonly hold: boolean;
}

/** Walks over what was delivered, from the head until the first transaction that has to stay. */
export async function settle(delivered: readonly Delivered[], rules: SettleRules): Promise<Settlement> {
  let settled = 0;
  let applied = 0;
  let rejected = 0;
  let told = false; // of the successes since the last refusal: once is enough
  for (const each of delivered) {
    if (each.status === 'not_attempted') break;
    if (each.status === 'applied') {
      if (!told) await rules.tell(true);
      told = true;
      applied++;
    }
    if (each.status === 'failed') {
      const stop = await whyItStays(settled, each, rules);
      if (stop) return { settled, applied, rejected, stop };
      told = false;
      rejected++;
    }
    settled++;
  }
  return { settled, applied, rejected };
}

async function whyItStays(index: number, failed: Failed, rules: SettleRules): Promise<Stop | undefined> {
  const { error, verdict, inBand } = failed;
  if (verdict === 'retry' || verdict === 'hold') return { error, hold: verdict === 'hold' };
  const ambiguous = verdict === 'ambiguous';
  if (ambiguous && !(await rules.budgetIsSpent(index, failed))) return { error, hold: false };
  const uncertain = !inBand || ambiguous;
  if (uncertain && !(await rules.mayReject())) return { error: breakerError(error), hold: false };
  const held = await rules.decide(index, failed);
  if (!held && uncertain) await rules.tell(false);
  return held;
}

function breakerError(cause: UploadError): UploadError {
  return new UploadError(
    'misconfigured',
    'The backend refused several transactions in a row, so the fault may be its own: nothing more is rejected until it ' +
      'applies one, or resetBreaker() is called. The writes stay queued.',
    { cause, status: cause.status },
  );
}
