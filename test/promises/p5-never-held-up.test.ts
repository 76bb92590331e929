import { type Transport, UploadError } from 'powersync-backend-connector';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, connectClient, openClient, type TestClient, waitFor } from '../support/client.ts';
import {
  addTodos,
  applied,
  applyAll,
  noAnswer,
  queued,
  recordingTransport,
  testConnector,
} from '../support/connector.ts';

describe('P5: uploadData never waits for a back-off, and one deadline covers the whole call', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a');
  });
  afterEach(() => closeClient(client));

  const unavailable: Transport = async () => {
    throw new UploadError('unavailable', 'down');
  };

  it('rethrows the same error object without a request until the back-off is over', async () => {
    const clock = fakeClock();
    const { transport, batches } = recordingTransport(unavailable);
    const { connector } = testConnector({ transport, clock, retry: { baseMs: 5_000 } });
    const first = await connector.uploadData(client.db).catch((error) => error);
    expect(connector.status).toMatchObject({ phase: 'waiting', nextAttemptAt: clock() + 5_000 });
    clock.advance(4_999);
    const second = await connector.uploadData(client.db).catch((error) => error);
    expect(second).toBe(first);
    expect(batches).toHaveLength(1);
    clock.advance(1);
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    expect(batches).toHaveLength(2);
    expect(connector.status.nextAttemptAt).toBe(clock() + 10_000);
  });

  it('reads nothing while the gate is shut', async () => {
    const { connector } = testConnector({ transport: unavailable });
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    client.db.getCrudBatch = () => {
      throw new Error('read');
    };
    client.db.getClientId = () => {
      throw new Error('read');
    };
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('waits as long as the backend asks, also in drain()', async () => {
    const clock = fakeClock();
    const { transport, batches } = recordingTransport(async () => {
      throw new UploadError('throttled', 'slow down', { retryAfterMs: 120_000 });
    });
    const { connector } = testConnector({ transport, clock });
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    clock.advance(119_999);
    expect(await connector.drain(client.db)).toMatchObject({
      drained: false,
      remainingEntries: 1,
      error: { code: 'throttled' },
    });
    expect(batches).toHaveLength(1);
    clock.advance(1);
    await connector.drain(client.db);
    expect(batches).toHaveLength(2);
  });

  it('drain() does not wait for the back-off of the connector itself', async () => {
    const { transport, batches } = recordingTransport(unavailable);
    const { connector } = testConnector({ transport });
    await connector.drain(client.db);
    await connector.drain(client.db);
    expect(batches).toHaveLength(2);
  });

  it('opens again when the clock was set back', async () => {
    const clock = fakeClock();
    const { transport, batches } = recordingTransport(unavailable);
    const { connector } = testConnector({ transport, clock });
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    clock.advance(-3_600_000);
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    expect(batches).toHaveLength(2);
  });

  it('ends at the deadline when credentials hang', async () => {
    const { connector } = testConnector({
      credentials: () => new Promise(() => {}),
      transport: async ({ transactions }, { token }) => {
        await token();
        return transactions.map(applied);
      },
      retry: { timeoutMs: 30 },
    });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    await expect(connector.fetchCredentials()).rejects.toMatchObject({ code: 'timeout' });
    expect(await queued(client)).toEqual(['a']);
  });

  it('ends at the deadline when a transform hangs', async () => {
    const { connector } = testConnector({ transform: () => new Promise(() => {}), retry: { timeoutMs: 30 } });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
  });

  it('ends at the deadline when the rejection policy hangs, and holds', async () => {
    const { connector } = testConnector({
      transport: async () => [{ status: 'rejected', error: new UploadError('invalid', 'no') }],
      rejections: () => new Promise(() => {}),
      retry: { timeoutMs: 30 },
    });
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    expect(await queued(client)).toEqual(['a']);
  });

  it('close() aborts what is in flight; later calls throw; nothing is lost', async () => {
    let aborted = false;
    const sent = Promise.withResolvers<void>();
    const { connector } = testConnector({
      transport: (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
          sent.resolve();
        }),
    });
    const upload = connector.uploadData(client.db);
    await sent.promise;
    connector.close();
    await expect(upload).rejects.toMatchObject({ code: 'aborted' });
    expect(aborted).toBe(true);
    expect(connector.status.phase).toBe('closed');
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'aborted' });
    await expect(connector.fetchCredentials()).rejects.toMatchObject({ code: 'aborted' });
    expect(await connector.drain(client.db)).toMatchObject({
      drained: false,
      remainingEntries: 1,
      error: { code: 'aborted' },
    });
    expect(await queued(client)).toEqual(['a']);
  });

  it('connector.disconnect() is not held up at all, and uploads go on with the next connect()', async () => {
    let answers = false;
    const { transport, batches } = recordingTransport((batch, context) =>
      (answers ? applyAll : noAnswer)(batch, context),
    );
    const { connector } = testConnector({ transport, endpoint: 'http://127.0.0.1:9' });
    void connectClient(client.db, connector);
    await waitFor(() => batches.length === 1, { what: 'the request' });
    const startedAt = performance.now();
    await connector.disconnect(client.db);
    expect(performance.now() - startedAt).toBeLessThan(15_000); // The deadline is 30 s.
    expect(await queued(client)).toEqual(['a']);
    answers = true;
    void connectClient(client.db, connector);
    await waitFor(async () => (await queued(client)).length === 0, { what: 'the upload' });
  });

  it('disconnect() is held up for the deadline at most by a request that never answers', async () => {
    const { transport, batches } = recordingTransport(() => new Promise(() => {}));
    const { connector } = testConnector({
      transport,
      endpoint: 'http://127.0.0.1:9',
      retry: { timeoutMs: 300 },
    });
    void connectClient(client.db, connector);
    await waitFor(() => batches.length === 1, { what: 'the request' });
    const startedAt = performance.now();
    await client.db.disconnect();
    expect(performance.now() - startedAt).toBeLessThan(15_000); // Without a deadline it would be for ever.
    expect(await queued(client)).toEqual(['a']);
  });
});
