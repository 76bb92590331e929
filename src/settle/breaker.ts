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
  /** False while nothing more may be rejected. `fresh`: whatever another tab has counted, too. */
  isClosed(database: ConnectorDatabase, fresh?: boolean): Promise<boolean>;
  /** Counts a success, or else one more refusal; true when that opened the breaker. */
  count(database: ConnectorDatabase, success: boolean): Promise<boolean>;
}

export function createBreaker(): Breaker {
  const known = new WeakMap<ConnectorDatabase, number>();

  async function load(database: ConnectorDatabase, fresh: boolean): Promise<number> {
    const before = fresh ? undefined : known.get(database);
    if (before !== undefined) return before;
    const refusals = (await readState<number>(database, 'refusals')) ?? 0;
    known.set(database, refusals);
    return refusals;
  }

  async function save(database: ConnectorDatabase, refusals: number): Promise<void> {
    await writeState(database, 'refusals', refusals);
    known.set(database, refusals);
  }

  return {
    async isClosed(database, fresh = false) {
      try {
        return (await load(database, fresh)) < MAX_REFUSALS;
      } catch {
        return true; // A table that can't be read can't take a rejection either: the policy will hold.
      }
    },
    async count(database, success) {
      if (success) {
        try {
          if ((await load(database, false)) > 0) await save(database, 0);
        } catch {
          // The upload succeeded all the same; the next success tries again.
        }
        return false;
      }
      const refusals = (await load(database, true)) + 1;
      await save(database, refusals);
      return refusals === MAX_REFUSALS;
    },
  };
}
