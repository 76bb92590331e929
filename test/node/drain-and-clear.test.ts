import { type Leftover, type Transport, UploadError } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeClient, connectClient, openClient, type TestClient, waitFor } from '../support/client.ts';
import {
  addTodos,
  applied,
  applyAll,
  deferred,
  queued,
  recordingTransport,
  testConnector,
} from '../support/connector.ts';

const down: Transport = async () => {
  throw new UploadError('unavailable', 'down');
};

describe('drainAndClear()', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a', 'b');
  });
  afterEach(() => closeClient(client));

  const todos = async () => (await client.db.getAll('SELECT id FROM todos')).length;

  it('uploads the queue, then clears the database, the rejected writes and the tokens', async () => {
    let fetched = 0;
    const { connector } = testConnector({
      credentials: async () => ({ token: `token-${++fetched}` }),
      transport: async ({ transactions }, { token }) => {
        await token();
        return transactions.map((_, i) =>
          i === 0 ? { status: 'rejected', error: new UploadError('invalid', 'no') } : applied(),
        );
      },
    });
    const report = await connector.drainAndClear(client.db, { unsent: 'keep' });
    expect(report).toEqual({ cleared: true, applied: 1, rejected: 1, leftEntries: 0 });
    expect(await todos()).toBe(0);
    expect(await client.db.getAll('SELECT * FROM connector_rejected_writes')).toEqual([]);
    expect((await connector.fetchCredentials())?.token).toBe('token-2');
  });

  it('unsent "keep": keeps the writes that cannot be uploaded, and clears nothing', async () => {
    const { connector } = testConnector({ transport: down });
    const report = await connector.drainAndClear(client.db, { unsent: 'keep', timeoutMs: 3_000 });
    expect(report).toMatchObject({ cleared: false, leftEntries: 2, error: { code: 'unavailable' } });
    expect(await queued(client)).toEqual(['a', 'b']);
    expect(await todos()).toBe(2);
  });

  it('unsent "discard": loses them, and returns how many', async () => {
    const { connector } = testConnector({ transport: down });
    const report = await connector.drainAndClear(client.db, { unsent: 'discard', timeoutMs: 3_000 });
    expect(report).toMatchObject({ cleared: true, leftEntries: 2, error: { code: 'unavailable' } });
    expect(await queued(client)).toEqual([]);
    expect(await todos()).toBe(0);
  });

  it('unsent "export": exports them first, and clears nothing if that fails', async () => {
    const { connector } = testConnector({ transport: down });
    const failing = {
      unsent: 'export',
      timeoutMs: 1_000,
      export: () => Promise.reject(new Error('disk full')),
    } as const;
    expect(await connector.drainAndClear(client.db, failing)).toMatchObject({
      cleared: false,
      leftEntries: 2,
    });
    expect(await queued(client)).toEqual(['a', 'b']);

    let kept: Leftover | undefined;
    const report = await connector.drainAndClear(client.db, {
      unsent: 'export',
      timeoutMs: 1_000,
      export: (left) => {
        kept = left;
      },
    });
    expect(report).toMatchObject({ cleared: true, leftEntries: 2 });
    expect(kept?.queued.map(({ entries }) => entries[0]?.opData?.description)).toEqual(['a', 'b']);
    expect(JSON.parse(JSON.stringify(kept))).toMatchObject({ queued: [{}, {}], rejected: [] });
  });

  it('exports the rejected writes of the leaving user, and keeps those of others', async () => {
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no') })),
    });
    await connector.setOwner(client.db, 'ada');
    await addTodos(client, 'of ada');
    await connector.drain(client.db);
    await connector.setOwner(client.db, 'bob');
    await addTodos(client, 'of bob');
    let kept: Leftover | undefined;
    await connector.drainAndClear(client.db, {
      unsent: 'export',
      export: (left) => {
        kept = left;
      },
    });
    expect(kept?.rejected).toMatchObject([{ owner: 'bob' }]);
    expect(
      await client.db.getAll('SELECT DISTINCT owner FROM connector_rejected_writes WHERE owner IS NOT NULL'),
    ).toEqual([{ owner: 'ada' }]);
  });

  it('waits out a short outage', async () => {
    let failures = 1;
    const { transport } = recordingTransport((batch, context) =>
      failures-- > 0 ? down(batch, context) : applyAll(batch, context),
    );
    const { connector } = testConnector({ transport });
    expect(await connector.drainAndClear(client.db, { unsent: 'keep' })).toMatchObject({
      cleared: true,
      applied: 2,
    });
  });

  it('does not wait for the writes of another user, because waiting would not help', async () => {
    const { connector } = testConnector();
    await connector.setOwner(client.db, 'ada');
    await addTodos(client, 'of ada');
    await connector.drain(client.db);
    await addTodos(client, 'also of ada');
    await connector.setOwner(client.db, 'bob');
    const startedAt = performance.now();
    const report = await connector.drainAndClear(client.db, { unsent: 'keep' });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'owner_mismatch' } });
    expect(performance.now() - startedAt).toBeLessThan(20_000); // It would wait for 30 s.
  });

  it('is safe with an upload in flight that never answers, on a connected database', async () => {
    const { transport, batches } = recordingTransport(() => new Promise(() => {}));
    const { connector } = testConnector({ transport, endpoint: 'http://127.0.0.1:9' });
    void connectClient(client.db, connector);
    await waitFor(() => batches.length === 1);
    const report = await connector.drainAndClear(client.db, { unsent: 'discard', timeoutMs: 100 });
    expect(report).toMatchObject({ cleared: true, leftEntries: 2 });
    expect(client.db.connected).toBe(false);
    await addTodos(client, 'next user');
    expect(await queued(client)).toEqual(['next user']);
  });

  it.each([[{}], [{ pending: 'save' }], [{ unsent: 'export' }]])('refuses %j', async (options) => {
    const { connector } = testConnector();
    await expect(connector.drainAndClear(client.db, options as never)).rejects.toThrow(TypeError);
    expect(await queued(client)).toEqual(['a', 'b']);
  });

  it('waits for an upload that is completing: it exports no applied write, and nothing is completed later', async () => {
    const completing = deferred();
    const mayEnd = deferred();
    let ended = false;
    const getCrudBatch = client.db.getCrudBatch.bind(client.db);
    client.db.getCrudBatch = async (limit) => {
      const batch = await getCrudBatch(limit);
      if (!batch) return null;
      const complete = async (): Promise<void> => {
        completing.resolve();
        await mayEnd.promise;
        await batch.complete();
        ended = true;
      };
      return Object.assign(Object.create(batch), { complete });
    };
    const { connector } = testConnector();
    const draining = connector.drain(client.db);
    await completing.promise;
    let kept: Leftover | undefined;
    const leaving = connector.drainAndClear(client.db, {
      unsent: 'export',
      timeoutMs: 0,
      export: (left) => {
        expect(ended).toBe(true);
        kept = left;
      },
    });
    setTimeout(mayEnd.resolve, 50);
    expect(await leaving).toMatchObject({ cleared: true, leftEntries: 0 });
    expect(kept?.queued).toEqual([]);
    await draining;
  });

  it('the next user does not wait because of a failure of this one', async () => {
    let asked = 0;
    const { connector } = testConnector({
      transport: async ({ transactions }) => {
        if (asked++ === 0) throw new UploadError('throttled', 'later', { retryAfterMs: 3_600_000 });
        return transactions.map(applied);
      },
    });
    await connector.drain(client.db);
    await connector.drainAndClear(client.db, { unsent: 'discard', timeoutMs: 0 });
    expect(connector.status).toMatchObject({ phase: 'idle', nextAttemptAt: undefined });
    await addTodos(client, 'of the next user');
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
  });

  it('leaves no timer behind if the backend asked for a longer wait than the time limit', async () => {
    const { connector } = testConnector({
      transport: async () => {
        throw new UploadError('throttled', 'later', { retryAfterMs: 3_000_000 });
      },
    });
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    await connector.drainAndClear(client.db, { unsent: 'keep', timeoutMs: 2_000 });
    const long = set.mock.results.filter((_, i) => Number(set.mock.calls[i]?.[1]) > 1_000_000);
    expect(long).toHaveLength(1);
    expect(cleared).toHaveBeenCalledWith(long[0]?.value);
    vi.restoreAllMocks();
  });

  it('refuses setOwner() within export, which would wait for itself for ever', async () => {
    const { connector } = testConnector({ transport: down });
    const report = await connector.drainAndClear(client.db, {
      unsent: 'export',
      timeoutMs: 0,
      export: () => connector.setOwner(client.db, null),
    });
    expect(report).toMatchObject({ cleared: false, error: { cause: { name: 'TypeError' } } });
    await connector.setOwner(client.db, 'bob'); // afterwards it works
  });

  it('keeps the rejected writes when clearing fails', async () => {
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no') })),
    });
    client.db.disconnectAndClear = () => Promise.reject(new Error('disk full'));
    await expect(connector.drainAndClear(client.db, { unsent: 'keep' })).rejects.toThrow('disk full');
    expect(await client.db.getAll('SELECT key FROM connector_rejected_writes')).toHaveLength(2);
  });

  it('the connector goes on afterwards', async () => {
    const { connector } = testConnector();
    await connector.drainAndClear(client.db, { unsent: 'keep' });
    await addTodos(client, 'c');
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
  });
});
