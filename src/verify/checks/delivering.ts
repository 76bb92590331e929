// Shared by checks that send writes and look at the result.
import type { UploadTransaction } from '../../queue/transaction.ts';
import type { Backend, Delivery } from '../backend.ts';
import { type Finding, skipped, violation } from '../finding.ts';

export const NO_READ = 'Not checked: needs a url to read rows back (--read).';

/** The first of several transactions that wasn't applied, and the reason. */
export interface NotApplied {
  readonly index: number;
  readonly why: string;
}

/** Delivers transactions until all are applied. Returns the first that isn't. */
export async function deliverAll(
  backend: Backend,
  transactions: readonly UploadTransaction[],
): Promise<NotApplied | undefined> {
  const most = backend.target.contract.maxTransactions;
  for (let done = 0; done < transactions.length; ) {
    const sent = transactions.slice(done, done + most);
    const delivery = await backend.deliver(sent);
    const applied = delivery.outcomes.filter(({ status }) => status === 'applied').length;
    if (applied === 0) return { index: done, why: notApplied(delivery, sent.length) ?? 'no outcome' };
    done += applied;
  }
  return undefined;
}

/** Returns why not all transactions were applied, without quoting the backend. Undefined if they were. */
export function notApplied({ outcomes, error }: Delivery, count: number): string | undefined {
  if (error) return error.message;
  const missed = outcomes.find(({ status }) => status !== 'applied');
  if (missed?.status === 'rejected' || missed?.status === 'retry') return missed.error.message;
  return missed || outcomes.length < count ? 'it was not attempted' : undefined;
}

/** Returns why a row couldn't be read. */
export function notRead({ target }: Backend): string {
  return target.readUrl ? 'Not checked: --read answered neither the row as JSON nor 404.' : NO_READ;
}

/** Lists the columns that couldn't be compared. */
export function lacks(columns: readonly string[]): string {
  return `The row that --read answers lacks columns that were sent, which were not compared: ${columns.join(', ')}.`;
}

export function unreadable(): Finding {
  return violation(
    'The row could not be read back: the url of --read answered neither the row as JSON nor 404.',
    'Check --read.',
  );
}

export function idsDiffer(): Finding {
  return skipped(
    'Not checked: the backend gives rows ids of its own, so no later change finds its row. See "ids are kept".',
  );
}
