import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ConnectorDatabase } from '../../../src/database/database.ts';
import type { UploadEvent } from '../../../src/status/events.ts';
import { keepUploading, onOnline } from '../../../src/upload/keep-uploading.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

let online: EventTarget;
const started: AbortController[] = [];

beforeEach(() => {
  online = new EventTarget();
  vi.useFakeTimers();
  vi.stubGlobal('addEventListener', online.addEventListener.bind(online));
  vi.stubGlobal('removeEventListener', online.removeEventListener.bind(online));
});

afterEach(() => {
  for (const each of started.splice(0)) each.abort();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

interface World {
  /** Whether the database can tell of new writes. */
  tells?: boolean;
  waitMs?: number;
}

/** Keeps uploading a queue that holds so many batches, with an upload that can be made to fail. */
function start({ tells = true, waitMs = 5000 }: World = {}) {
  const world = {
    batches: 0,
    failing: false,
    uploads: 0,
    listeners: 0,
    write: () => {},
    tell: (_event: Pick<UploadEvent, 'type'>) => {},
    open: () => world.tell({ type: 'opened' }),
    close: () => world.tell({ type: 'closed' }),
  };
  const database: ConnectorDatabase = new FakeQueue();
  if (tells) {
    database.onChange = ({ onChange }) => {
      world.listeners++;
      world.write = () => {
        world.batches++;
        onChange();
      };
      return () => {
        world.listeners--;
      };
    };
  }
  const stop = new AbortController();
  started.push(stop);
  const upload = async (): Promise<boolean> => {
    world.uploads++;
    if (world.failing) throw new Error('the gate is shut');
    if (world.batches === 0) return false;
    world.batches--;
    return true;
  };
  const subscribe = (listener: typeof world.tell) => {
    world.listeners++;
    world.tell = listener;
    return () => {
      world.listeners--;
    };
  };
  const begin = () => keepUploading(database, stop.signal, upload, () => waitMs, subscribe);
  return { world, stop, begin };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('keepUploading', () => {
  it('uploads at once, until nothing is queued', async () => {
    const { world, begin } = start();
    world.batches = 3;
    void begin();
    await pass(0);
    expect(world).toMatchObject({ batches: 0, uploads: 4 });
  });

  it('runs no timer while there is nothing to wait for', async () => {
    const { world, begin } = start();
    void begin();
    await pass(60_000);
    expect(vi.getTimerCount()).toBe(0);
    expect(world.uploads).toBe(1);
  });

  it('uploads on every new write', async () => {
    const { world, begin } = start();
    void begin();
    await pass(0);
    world.write();
    await pass(0);
    world.write();
    await pass(0);
    expect(world.batches).toBe(0);
  });

  it('misses no write that comes while it finds the queue empty', async () => {
    const { world, begin } = start();
    void begin();
    world.write();
    await pass(0);
    expect(world.batches).toBe(0);
  });

  it('looks every few seconds where the database cannot tell of new writes', async () => {
    const { world, begin } = start({ tells: false });
    void begin();
    await pass(0);
    world.batches = 1;
    await pass(5000);
    expect(world.batches).toBe(0);
  });

  it('tries again when the back-off is over, not before', async () => {
    const { world, begin } = start({ waitMs: 5000 });
    world.failing = true;
    world.batches = 1;
    void begin();
    await pass(4999);
    expect(world.uploads).toBe(1);
    world.failing = false;
    await pass(1);
    expect(world.batches).toBe(0);
  });

  it('tries again at once when the gate opens before its time', async () => {
    const { world, begin } = start({ waitMs: 300_000 });
    world.failing = true;
    world.batches = 1;
    void begin();
    await pass(0);
    world.failing = false;
    world.open();
    await pass(0);
    expect(world.batches).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('misses no opening that comes while an upload is failing', async () => {
    const { world, begin } = start({ waitMs: 300_000 });
    world.failing = true;
    world.batches = 1;
    void begin();
    world.open();
    world.failing = false;
    await pass(0);
    expect(world.batches).toBe(0);
  });

  it('leaves it to the gate whether being online again is a reason to try: it may be shut for another', async () => {
    const { world, begin } = start({ waitMs: 300_000 });
    world.failing = true;
    void begin();
    await pass(0);
    online.dispatchEvent(new Event('online'));
    await pass(0);
    expect(world.uploads).toBe(1);
  });

  it.each([0, -1_700_000_000_000, Number.NaN, 2 ** 31, Number.POSITIVE_INFINITY])(
    'does not spin where uploads fail without a back-off, or with one that no timer takes (%d ms)',
    async (waitMs) => {
      const { world, begin } = start({ waitMs });
      world.failing = true;
      void begin();
      await pass(1000);
      expect(world.uploads).toBeLessThanOrEqual(20);
    },
  );

  it('listens for new writes only, and for bursts of them once', () => {
    const database = new FakeQueue() as ConnectorDatabase;
    const onChange = vi.fn(() => () => {});
    database.onChange = onChange;
    const stop = new AbortController();
    started.push(stop);
    void keepUploading(
      database,
      stop.signal,
      async () => false,
      () => 0,
      () => () => {},
    );
    expect(onChange).toHaveBeenCalledWith(expect.anything(), { tables: ['ps_crud'], throttleMs: 50 });
  });

  it('ends when it is stopped, and leaves nothing behind', async () => {
    const { world, begin, stop } = start({ waitMs: 300_000 });
    world.failing = true;
    const ended = begin();
    await pass(0);
    stop.abort();
    await ended;
    expect(vi.getTimerCount()).toBe(0);
    expect(world).toMatchObject({ uploads: 1, listeners: 0 });
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    world.open();
    await pass(0);
    expect(world.uploads).toBe(1);
  });

  it('ends when the connector is closed, and leaves nothing behind on a signal that lives on', async () => {
    const { world, begin, stop } = start({ waitMs: 300_000 });
    world.failing = true;
    const ended = begin();
    await pass(0);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    world.close();
    await ended;
    expect(world).toMatchObject({ uploads: 1, listeners: 0 });
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sends no further batch once the connector is closed', async () => {
    const { world, begin } = start();
    world.batches = 100;
    const ended = begin();
    world.close();
    await ended;
    expect(world.uploads).toBe(1);
  });

  it('takes no other step of the connector for a reason to try', async () => {
    const { world, begin } = start({ waitMs: 300_000 });
    world.failing = true;
    void begin();
    await pass(0);
    world.tell({ type: 'failed' });
    await pass(0);
    expect(world.uploads).toBe(1);
  });

  it('sends no further batch once it is stopped', async () => {
    const { world, begin, stop } = start();
    world.batches = 100;
    const ended = begin();
    stop.abort();
    await ended;
    expect(world.uploads).toBe(1);
  });
});

describe('onOnline', () => {
  it('calls back until it is ended', () => {
    const listener = vi.fn();
    const end = onOnline(listener);
    online.dispatchEvent(new Event('online'));
    end();
    online.dispatchEvent(new Event('online'));
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it('does nothing where the platform cannot tell, as in Node and React Native', () => {
    vi.stubGlobal('addEventListener', undefined);
    vi.stubGlobal('removeEventListener', undefined);
    const end = onOnline(() => {});
    expect(end).not.toThrow();
  });
});
