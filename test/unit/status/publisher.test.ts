import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UploadEvent } from '../../../src/status/events.ts';
import { createPublisher } from '../../../src/status/publisher.ts';
import { INITIAL_STATUS } from '../../../src/status/upload-status.ts';

const DRAINED: UploadEvent = { type: 'drained' };

beforeEach(() => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the status', () => {
  it('begins idle, with nothing known and nothing counted', () => {
    expect(createPublisher().status).toBe(INITIAL_STATUS);
    expect(INITIAL_STATUS).toMatchObject({ phase: 'idle', queuedEntries: undefined, lastError: undefined });
  });

  it('is the same object until something happens, as useSyncExternalStore needs it', () => {
    const publisher = createPublisher();
    expect(publisher.status).toBe(publisher.status);
    publisher.publish(DRAINED, { queuedEntries: 0 });
    expect(publisher.status).toBe(publisher.status);
  });

  it('is replaced, never changed: an old snapshot stays what it was', () => {
    const publisher = createPublisher();
    const before = publisher.status;
    publisher.publish(DRAINED, { phase: 'waiting', queuedEntries: 3 }, { failures: 1 });
    publisher.set({ phase: 'held' });
    expect(before).toEqual(INITIAL_STATUS);
    expect(publisher.status).not.toBe(before);
    expect(publisher.status).toMatchObject({ phase: 'held', queuedEntries: 3, counters: { failures: 1 } });
  });

  it('adds to the counters', () => {
    const publisher = createPublisher();
    publisher.publish(DRAINED, {}, { applied: 50, attempts: 1 });
    publisher.publish(DRAINED, {}, { applied: 7, rejected: 2 });
    expect(publisher.status.counters).toEqual({
      attempts: 1,
      applied: 57,
      rejected: 2,
      failures: 0,
      tokenRefreshes: 0,
    });
  });

  it('forgets what is set to undefined', () => {
    const publisher = createPublisher();
    publisher.set({ nextAttemptAt: 5 });
    publisher.set({ nextAttemptAt: undefined });
    expect(publisher.status.nextAttemptAt).toBeUndefined();
  });

  it('belongs to one publisher', () => {
    const [one, other] = [createPublisher(), createPublisher()];
    one.publish(DRAINED, { phase: 'held' }, { failures: 1 });
    expect(other.status).toEqual(INITIAL_STATUS);
  });
});

describe('listeners', () => {
  it('are told of each event in order, with the status up to date', () => {
    const publisher = createPublisher();
    const seen: [string, string][] = [];
    publisher.subscribe(({ type }) => seen.push([type, publisher.status.phase]));
    publisher.publish(DRAINED, { phase: 'idle' });
    publisher.publish({ type: 'closed' }, { phase: 'closed' });
    publisher.publish(DRAINED, { phase: 'idle' }); // was still on its way: closed is for good
    expect(seen).toEqual([
      ['drained', 'idle'],
      ['closed', 'closed'],
      ['drained', 'closed'],
    ]);
  });

  it('are told of a change outside a step, with the status up to date: they show the status', () => {
    const publisher = createPublisher();
    const seen: [UploadEvent, number | undefined][] = [];
    publisher.subscribe((event) => seen.push([event, publisher.status.queuedEntries]));
    publisher.set({ queuedEntries: 1 });
    expect(seen).toEqual([[{ type: 'status' }, 1]]);
  });

  it('are not told where nothing is different, and the status stays the same object', () => {
    const publisher = createPublisher();
    publisher.set({ queuedEntries: 1, phase: 'held' });
    const before = publisher.status;
    const listener = vi.fn();
    publisher.subscribe(listener);
    publisher.set({ queuedEntries: 1, phase: 'held', lastError: undefined });
    publisher.set({});
    expect(listener).not.toHaveBeenCalled();
    expect(publisher.status).toBe(before);
  });

  it('are told once where one of several members is different', () => {
    const publisher = createPublisher();
    const listener = vi.fn();
    publisher.subscribe(listener);
    publisher.set({ phase: 'idle', queuedEntries: 0, lastError: undefined });
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('cannot disturb the upload or each other by throwing, and what they throw does not vanish', () => {
    const publisher = createPublisher();
    const fault = new Error('from a listener');
    const after = vi.fn();
    publisher.subscribe(() => {
      throw fault;
    });
    publisher.subscribe(after);
    expect(() => publisher.publish(DRAINED)).not.toThrow();
    expect(after).toHaveBeenCalledTimes(1);
    expect(console.error).toHaveBeenCalledWith(expect.any(String), fault);
  });

  it('are not called any more once they unsubscribed, which may be done twice', () => {
    const publisher = createPublisher();
    const listener = vi.fn();
    const unsubscribe = publisher.subscribe(listener);
    unsubscribe();
    unsubscribe();
    publisher.publish(DRAINED);
    expect(listener).not.toHaveBeenCalled();
  });

  it('may unsubscribe while they are called', () => {
    const publisher = createPublisher();
    const other = vi.fn();
    const once = vi.fn(() => unsubscribe());
    const unsubscribe = publisher.subscribe(once);
    publisher.subscribe(other);
    publisher.publish(DRAINED);
    publisher.publish(DRAINED);
    expect(once).toHaveBeenCalledTimes(1);
    expect(other).toHaveBeenCalledTimes(2);
  });

  it('are not called any more once another listener unsubscribed them, not even for the same event', () => {
    const publisher = createPublisher();
    const removed = vi.fn();
    publisher.subscribe(() => unsubscribe());
    const unsubscribe = publisher.subscribe(removed);
    publisher.publish(DRAINED);
    expect(removed).not.toHaveBeenCalled();
  });

  it('may subscribe others while they are called, which hear of the next event', () => {
    const publisher = createPublisher();
    const late = vi.fn();
    const unsubscribe = publisher.subscribe(() => {
      unsubscribe();
      publisher.subscribe(late);
    });
    publisher.publish(DRAINED);
    expect(late).not.toHaveBeenCalled();
    publisher.publish(DRAINED);
    expect(late).toHaveBeenCalledTimes(1);
  });

  it('are called as often as they subscribed, and end one by one', () => {
    const publisher = createPublisher();
    const listener = vi.fn();
    const first = publisher.subscribe(listener);
    publisher.subscribe(listener);
    publisher.publish(DRAINED);
    expect(listener).toHaveBeenCalledTimes(2);
    first();
    publisher.publish(DRAINED);
    expect(listener).toHaveBeenCalledTimes(3);
  });
});
