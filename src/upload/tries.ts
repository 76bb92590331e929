import type { ConnectorDatabase } from '../database/database.ts';
import { readState, writeState } from '../database/tables.ts';
import type { RetryBudget } from '../error/upload-error.ts';

/** Refusals of one transaction that isn't rejected yet. */
export interface Tries {
  readonly key: string;
  readonly count: number;
  /** When it was first refused, in epoch milliseconds. */
  readonly since: number;
}

/**
 * Counts one more refusal of the transaction with this key. The count is stored in the database, so it survives a
 * restart. Only the head of the queue is ever counted, so one row is enough.
 */
export async function countTry(database: ConnectorDatabase, key: string, now: number): Promise<Tries> {
  const before = await readState<Tries>(database, 'tries');
  const tries: Tries =
    before?.key === key
      ? { key, count: before.count + 1, since: Math.min(before.since, now) }
      : { key, count: 1, since: now };
  await writeState(database, 'tries', tries);
  return tries;
}

/** Whether a refusal has been repeated often enough and long enough. */
export function isSpent({ count, since }: Tries, { attempts, minMs }: RetryBudget, now: number): boolean {
  return count >= attempts && now - since >= minMs;
}

/** The budget that is spent once both budgets are spent. */
export function both(a: RetryBudget, b: RetryBudget): RetryBudget {
  return { attempts: Math.max(a.attempts, b.attempts), minMs: Math.max(a.minMs, b.minMs) };
}
