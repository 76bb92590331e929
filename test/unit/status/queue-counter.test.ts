import { describe, expect, it } from 'vitest';
import { createPublisher } from '../../../src/status/publisher.ts';
import { createQueueCounter } from '../../../src/status/queue-counter.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

/** A queue of one entry that takes so long to count. */
function world(tookMs = 0) {
  const clock = { now: 1_000_000_000 };
  const queue = new FakeQueue().write({});
  let counted = 0;
  queue.getUploadQueueStats = async () => {
    counted++;
    clock.now += tookMs;
    return { count: queue.opIds.length };
  };
  const publisher = createPublisher();
  const count = createQueueCounter(publisher, () => clock.now);
  /** Whether it is counted, so long after the last time. */
  const isCountedAfter = async (ms: number): Promise<boolean> => {
    const before = counted;
    clock.now += ms;
    await count(queue);
    return counted > before;
  };
  return { queue, publisher, count: () => count(queue), isCountedAfter };
}

describe('the queue', () => {
  it('is counted at once, for the status', async () => {
    const { publisher, count } = world();
    await count();
    expect(publisher.status.queuedEntries).toBe(1);
  });

  it.each([
    ['a second, where that takes no time', 0, 1_000],
    ['a hundred times as long as it took', 50, 5_000],
    ['a minute, however long it took', 5_000, 60_000],
  ])('is counted again after %s', async (_, tookMs, pauseMs) => {
    for (const [ms, isCounted] of [
      [pauseMs - 1, false],
      [pauseMs, true],
    ] as const) {
      const { count, isCountedAfter } = world(tookMs);
      await count();
      expect(await isCountedAfter(ms - tookMs)).toBe(isCounted);
    }
  });

  it('is counted again at once where nothing was left, or it is not known how much', async () => {
    const { publisher, count, isCountedAfter } = world();
    await count();
    for (const queuedEntries of [0, undefined]) {
      publisher.set({ queuedEntries });
      expect(await isCountedAfter(0)).toBe(true);
    }
  });

  it('is counted again once the clock was set back', async () => {
    const { count, isCountedAfter } = world();
    await count();
    expect(await isCountedAfter(-60_000)).toBe(true);
  });

  it('is tried again after a second where it can not be counted, which fails nothing', async () => {
    const { queue, publisher, count, isCountedAfter } = world();
    await count();
    let asked = 0;
    queue.getUploadQueueStats = async () => {
      asked++;
      throw new Error('database is locked');
    };
    await isCountedAfter(1_000);
    await isCountedAfter(999);
    expect(asked).toBe(1);
    await isCountedAfter(1);
    expect(asked).toBe(2);
    expect(publisher.status.queuedEntries).toBe(1);
  });
});
