import type { ConnectorDatabase } from '../database/database.ts';
import { hasTable } from '../database/has-table.ts';

/**
 * Which of these keys are among the rejected writes, with their state: `rejected` is final, so it is not sent again;
 * `held` and `released` may still be applied.
 */
export async function recordedStates(
  database: ConnectorDatabase,
  keys: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (!(await hasTable(database, 'connector_rejected_writes'))) return new Map();
  const rows = await database.getAll<{ key: string; state: string }>(
    'SELECT key, state FROM connector_rejected_writes WHERE key IN (SELECT value FROM json_each(?))',
    [JSON.stringify(keys)],
  );
  return new Map(rows.map(({ key, state }) => [key, state]));
}

/** Held transactions that the backend has applied after all are no rejected writes. */
export async function forgetApplied(database: ConnectorDatabase, keys: readonly string[]): Promise<void> {
  await database.execute(
    "DELETE FROM connector_rejected_writes WHERE key IN (SELECT value FROM json_each(?)) AND state <> 'rejected'",
    [JSON.stringify(keys)],
  );
}
