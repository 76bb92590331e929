import type { ConnectorDatabase } from '../database/database.ts';
import type { Publisher } from './publisher.ts';

/** Throttled to 1 % of the time: the pause is this many times as long as the last count took ... */
const SHARE = 100;
const MIN_PAUSE_MS = 1_000;
/** ... but a minute at most, while uploads go on. */
const MAX_PAUSE_MS = 60_000;

/**
 * Counts the queue for `status.queuedEntries` from time to time. In between, entries that leave the queue are
 * subtracted. SQLite takes long to count a long queue, so it is counted less often.
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
      // The count is only shown: an error here must not fail the upload.
    }
  };
}
