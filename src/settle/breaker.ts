import type { ConnectorDatabase } from '../queue/database.ts';
import { readState, writeState } from '../rejections/state.ts';

/** Refusals in a row that are believed. */
export const MAX_REFUSALS = 3;

/**
 * Stops rejecting when refusals of whole requests come one after another without a success between: then the deployment
 * is at fault rather than the writes, and the queue must not be emptied into "rejected". A bisection counts once for
 * each transaction it singles out. The count is kept in the database: apps restart during an outage.
 */
export interface Breaker {
  isClosed(database: ConnectorDatabase): Promise<boolean>;
  /** Counts a success, or else one more refusal; true when that opened the breaker. */
  count(database: ConnectorDatabase, success: boolean): Promise<boolean>;
}

export function createBreaker(): Breaker {
  const known = new WeakMap<ConnectorDatabase, number>();
  const load = async (database: ConnectorDatabase): Promise<number> => {
    let refusals = known.get(database);
    if (refusals === undefined) {
      try {
        refusals = (await readState<number>(database, 'refusals')) ?? 0;
        known.set(database, refusals);
      } catch {
        return 0; // A database that can't be read must not fail an upload that succeeded.
      }
    }
    return refusals;
  };
  return {
    isClosed: async (database) => (await load(database)) < MAX_REFUSALS,
    async count(database, success) {
      const before = await load(database);
      const after = success ? 0 : before + 1;
      if (after === before) return false;
      known.set(database, after);
      await writeState(database, 'refusals', after);
      return after === MAX_REFUSALS;
    },
  };
}
