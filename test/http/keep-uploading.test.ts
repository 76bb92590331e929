import type { ConnectorDatabase, CrudEntryLike } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpConnector } from './queue.ts';
import { applyAll, put, refusal, serveWriteApi } from './support.ts';

const api = serveWriteApi();
const MINUTE = 60_000;

let databases = 0;

/** A queue in memory with one entry; time can be faked around it. */
function memoryDatabase(): ConnectorDatabase & { queue: CrudEntryLike[] } {
  const clientId = `memory-${++databases}`;
  const queue: CrudEntryLike[] = [put('a')];
  return {
    queue,
    getClientId: async () => clientId,
    getUploadQueueStats: async () => ({ count: queue.length }),
    getCrudBatch: async (limit = 100) => {
      const crud = queue.slice(0, limit);
      if (crud.length === 0) return null;
      return {
        crud,
        haveMore: queue.length > limit,
        complete: async () => void queue.splice(0, crud.length),
      };
    },
    execute: async () => undefined,
    getAll: async () => [],
    onChange: () => () => {},
  };
}

/** Polling takes real time, of which a slow machine may need more than the usual second. */
const wait = { timeout: 30_000 };

describe('keepUploading() goes on at once', () => {
  const stop = { controller: new AbortController() };
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    stop.controller = new AbortController();
  });
  afterEach(() => {
    stop.controller.abort();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('when somebody has signed in', async () => {
    const database = memoryDatabase();
    let token: string | null = null;
    const { connector } = httpConnector({
      credentials: async () => (token === null ? null : { token }),
      retry: { baseMs: 10 * MINUTE, maxMs: 10 * MINUTE },
    });
    connector.keepUploading(database, { signal: stop.controller.signal });
    await vi.waitFor(() => expect(connector.status.phase).toBe('needs-auth'), wait);
    token = 'jwt';
    await connector.fetchCredentials();
    await vi.advanceTimersByTimeAsync(MINUTE);
    await vi.waitFor(() => expect(database.queue).toEqual([]), wait);
  });

  it('when the device comes online', async () => {
    const listeners: (() => void)[] = [];
    vi.stubGlobal('addEventListener', (type: string, listener: () => void) => {
      if (type === 'online') listeners.push(listener);
    });
    vi.stubGlobal('removeEventListener', () => {});
    const database = memoryDatabase();
    const { connector } = httpConnector({ retry: { baseMs: 10 * MINUTE, maxMs: 10 * MINUTE } });
    api.answers(Response.error());
    connector.keepUploading(database, { signal: stop.controller.signal });
    await vi.waitFor(() => expect(connector.status.lastError?.code).toBe('network'), wait);

    api.answers(applyAll);
    for (const listener of listeners) {
      listener();
      await vi.advanceTimersByTimeAsync(0); // as in browsers: promises run on between two listeners
    }
    await vi.advanceTimersByTimeAsync(MINUTE);
    await vi.waitFor(() => expect(database.queue).toEqual([]), wait);
  });

  it('after resetBreaker(), which says that the next upload is tried at once', async () => {
    const database = memoryDatabase();
    const { connector } = httpConnector({ retry: { baseMs: 10 * MINUTE, maxMs: 10 * MINUTE } });
    api.answers(refusal(503));
    connector.keepUploading(database, { signal: stop.controller.signal });
    await vi.waitFor(() => expect(connector.status.lastError?.code).toBe('unavailable'), wait);
    api.answers(applyAll);
    await connector.resetBreaker(database);
    await vi.advanceTimersByTimeAsync(MINUTE);
    await vi.waitFor(() => expect(database.queue).toEqual([]), wait);
  });

  it('but not at all after close()', async () => {
    const { connector } = httpConnector();
    connector.close();
    const uploading = connector.keepUploading(memoryDatabase(), { signal: stop.controller.signal });
    await expect(uploading).rejects.toMatchObject({ code: 'aborted' });
    await vi.advanceTimersByTimeAsync(MINUTE);
    expect(vi.getTimerCount()).toBe(0);
    expect(api.requests).toEqual([]);
  });
});
