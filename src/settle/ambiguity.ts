import type { RetryBudget } from '../outcome/upload-error.ts';
import type { ConnectorDatabase } from '../queue/database.ts';
import { readState, writeState } from '../rejections/state.ts';

interface Tries {
  readonly key: string;
  readonly count: number;
  readonly since: number;
}

/**
 * Counts one more ambiguous answer to the transaction with this key; true once its budget is used up.
 *
 * Only the head of the queue is ever counted, so one row in the database does, and survives a restart.
 */
export async function budgetIsSpent(
  database: ConnectorDatabase,
  key: string,
  budget: RetryBudget | undefined,
  now: number,
): Promise<boolean> {
  if (!budget) return false;
  const before = await readState<Tries>(database, 'tries');
  const tries: Tries =
    before?.key === key
      ? { key, count: before.count + 1, since: Math.min(before.since, now) }
      : { key, count: 1, since: now };
  await writeState(database, 'tries', tries);
  return tries.count >= budget.tries && now - tries.since >= budget.forMs;
}
