// The page that drains queues in Chromium: the SDK on wa-sqlite in a worker, with its default set-up.
import { PowerSyncDatabase } from '@powersync/web';
import { CANDIDATES, type Drain } from '../candidates.ts';
import { fillQueue, type Load, schema } from '../queue-content.ts';

export interface PageMeasured {
  readonly ms: number;
  /** The longest time during which the page could do nothing else. */
  readonly longestTaskMs: number;
}

const db = new PowerSyncDatabase({ schema, database: { dbFilename: 'bench.db', enableMultiTabs: false } });

/** Fills the queue and lets a candidate drain it. */
globalThis.measureHere = async (candidate: string, load: Load, url: string): Promise<PageMeasured> => {
  await fillQueue(db, load);
  const drain = CANDIDATES[candidate]?.drain(load) as Drain;
  const gaps = watchGaps();
  const startedAt = performance.now();
  await drain(db, url);
  const ms = performance.now() - startedAt;
  return { ms, longestTaskMs: gaps.longest() };
};

/** A timer that is due every few milliseconds. If it is late, the page was busy for that time. */
function watchGaps(): { longest(): number } {
  const EVERY_MS = 5;
  let before = performance.now();
  let longest = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - before - EVERY_MS);
    before = now;
  }, EVERY_MS);
  return {
    longest() {
      clearInterval(timer);
      return longest;
    },
  };
}

declare global {
  var measureHere: (candidate: string, load: Load, url: string) => Promise<PageMeasured>;
}
