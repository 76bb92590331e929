import type { ConnectorDatabase } from '../database/database.ts';
import type { Publisher } from './publisher.ts';

/** Counting may take up one hundredth of the time, ... */
const SHARE = 100;
const MIN_PAUSE_MS = 1_000;
/** ... but is done once a minute at least, while uploads go on. */
const MAX_PAUSE_MS = 60_000;

/**
 * Counts the queue for the status now and then; in between, what leaves the queue is subtracted. SQLite takes a while for
 * a long queue, so that one is counted less often.
 */
export function createQueueCounter(
  publisher: Publisher,
  clock: () => number,
): (database: ConnectorDatabase) => Promise<void> {
  let countAgainAt = 0;
  return async (database) => {
    const { queuedEntries } = publisher.status;
    const now = clock();
    if (queuedEntries && now < countAgainAt && now >= countAgainAt - MAX_PAUSE_MS) return;
    countAgainAt = now + MIN_PAUSE_MS;
    try {
      publisher.set({ queuedEntries: (await database.getUploadQueueStats()).count });
      const pause = SHARE * (clock() - now);
      countAgainAt = now + Math.min(Math.max(MIN_PAUSE_MS, pause), MAX_PAUSE_MS);
    } catch {
      // A figure to show is no reason to fail.
    }
  };
}
