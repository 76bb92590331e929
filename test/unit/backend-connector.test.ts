import { getEventListeners } from 'node:events';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../src/error/upload-error.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { applyAll, deferred, recordingTransport, testConnector } from '../support/connector.ts';

const START = 1_700_000_000_000;

/** A database with so many transactions queued. */
async function queueOf(size: number) {
  const database = memoryDatabase();
  for (let i = 0; i < size; i++) await database.put('lists', `${i}`);
  return database;
}

const refusing =
  (code: ConstructorParameters<typeof UploadError>[0]): Transport =>
  async () => {
    throw new UploadError(code, 'No.');
  };

/** A transport that uses the token, as one over a network does. */
const withToken: Transport = async (batch, context) => {
  await context.token();
  return applyAll(batch, context);
};

describe('the endpoint', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    ['the same', 'https://service.test', true],
    ['below it', 'https://service.test/api/data', true],
    ['another host', 'https://api.test/api/data', false],
    ['a host whose name only begins alike', 'https://service.tests/api/data', false],
  ])('is warned of where the transport sends to it: %s', (_, url, warned) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    testConnector({ transport: Object.assign(applyAll.bind(null), { url }) });
    expect(warn).toHaveBeenCalledTimes(warned ? 1 : 0);
    if (warned)
      expect(warn.mock.calls[0]?.[0]).toMatch(/endpoint \(https:\/\/service\.test\).*PowerSync Service/);
  });
});

describe('tokens', () => {
  /** Tokens t1, t2 and so on. */
  function counting() {
    let count = 0;
    return async () => ({ token: `t${++count}` });
  }

  it('are null while nobody is signed in', async () => {
    const { connector } = testConnector({ credentials: async () => null });
    expect(await connector.fetchCredentials()).toBeNull();
  });

  it('are counted', async () => {
    const { connector } = testConnector({ credentials: counting() });
    await connector.fetchCredentials();
    expect(connector.status.counters.tokenRefreshes).toBe(1);
    connector.invalidateCredentials();
    await connector.fetchCredentials();
    expect(connector.status.counters.tokenRefreshes).toBe(2);
  });

  it('that the SDK calls invalid are replaced, and no newer one with them', async () => {
    const { connector } = testConnector({
      credentials: counting(),
      transport: async (batch, { token }) => {
        if ((await token()) === 't1') throw new UploadError('unauthenticated', 'Expired.');
        return batch.transactions.map(() => ({ status: 'applied' }));
      },
    });
    expect((await connector.fetchCredentials())?.token).toBe('t1');
    await connector.uploadData(await queueOf(1)); // refreshes
    connector.invalidateCredentials(); // of t1
    expect((await connector.fetchCredentials())?.token).toBe('t2');
    connector.invalidateCredentials();
    expect((await connector.fetchCredentials())?.token).toBe('t3');
  });

  it.each([
    ['unauthenticated', true],
    ['unavailable', false],
  ] as const)('a new one opens the gate if %s has shut it: %s', async (code, opens) => {
    let isSignedIn = false;
    const { connector, events } = testConnector({
      credentials: async () => (isSignedIn ? { token: 'token' } : null),
      transport: refusing(code),
    });
    await expect(connector.uploadData(await queueOf(1))).rejects.toMatchObject({ code });
    await connector.fetchCredentials();
    expect(events.filter(({ type }) => type === 'opened')).toEqual([]);
    isSignedIn = true;
    await connector.fetchCredentials();
    expect(events.some(({ type }) => type === 'opened')).toBe(opens);
    expect(connector.status.nextAttemptAt === undefined).toBe(opens);
  });
});

describe('drain()', () => {
  it('counts what this drain has settled, not what was before', async () => {
    let refuse = true;
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map((_, index) =>
          refuse && index === 0
            ? { status: 'rejected', error: new UploadError('conflict', 'Taken.') }
            : { status: 'applied' },
        ),
    });
    const database = await queueOf(3);
    expect(await connector.drain(database)).toMatchObject({ applied: 2, rejected: 1 });
    refuse = false;
    await database.put('lists', 'later');
    expect(await connector.drain(database)).toEqual({
      drained: true,
      applied: 1,
      rejected: 0,
      remainingEntries: 0,
    });
  });

  it('does not know what is left if the database cannot be read', async () => {
    const { connector } = testConnector({ transport: refusing('unavailable') });
    const database = await queueOf(3);
    await connector.drain(database);
    vi.spyOn(database, 'getUploadQueueStats').mockRejectedValue(new Error('closed'));
    const report = await connector.drain(database);
    expect(report).toMatchObject({ drained: false, error: { code: 'unavailable' } });
    expect(report.remainingEntries).toBeUndefined();
  });

  it('of a closed connector says truly whether the queue is empty', async () => {
    const { connector } = testConnector();
    connector.close();
    const error = { code: 'aborted' };
    const empty = await connector.drain(await queueOf(0));
    expect(empty).toMatchObject({ drained: true, remainingEntries: 0, error });
    const full = await connector.drain(await queueOf(2));
    expect(full).toMatchObject({ drained: false, remainingEntries: 2, error });
  });

  it('that failed leaves its count in the status too', async () => {
    const database = await queueOf(3);
    const { connector } = testConnector({
      transport: async () => {
        await database.put('lists', 'meanwhile');
        throw new UploadError('unavailable', 'Down.');
      },
    });
    const { remainingEntries } = await connector.drain(database);
    expect([remainingEntries, connector.status.queuedEntries]).toEqual([4, 4]);
  });
});

it('attempts do not count a call that a listener prevented', async () => {
  const transport = vi.fn(applyAll);
  const { connector, events } = testConnector({ transport });
  connector.subscribe(({ type }) => {
    if (type === 'attempt') connector.close();
  });
  await connector.drain(await queueOf(1));
  expect(transport).not.toHaveBeenCalled();
  expect(events.map(({ type }) => type)).toContain('attempt');
  expect(connector.status.counters.attempts).toBe(0);
});

describe('keepUploading()', () => {
  const stop = { controller: new AbortController() };
  afterEach(() => {
    stop.controller.abort();
    stop.controller = new AbortController();
    vi.useRealTimers();
  });

  it('does nothing where it was ended before', async () => {
    const { connector, events } = testConnector();
    const database = await queueOf(1);
    database.onChange = vi.fn(); // The database may be closed by then.
    stop.controller.abort();
    await connector.keepUploading(database, { signal: stop.controller.signal });
    expect(events).toEqual([]);
    expect(database.onChange).not.toHaveBeenCalled();
  });

  it('goes on once a change of users is over, where it was begun meanwhile', async () => {
    const { connector } = testConnector();
    const database = await queueOf(1);
    const changing = connector.disconnect({
      disconnect: () => new Promise((resolve) => setTimeout(resolve, 20)),
    });
    await Promise.resolve();
    const uploading = connector.keepUploading(database, { signal: stop.controller.signal });
    await changing;
    await expect.poll(() => connector.status.counters.applied).toBe(1);
    stop.controller.abort();
    await uploading;
  });

  it.each([
    ['its signal', () => stop.controller.abort()],
    ['close()', (close: () => void) => close()],
  ])('is ended by %s, with the upload in flight', async (_, end) => {
    const started = deferred();
    const { connector } = testConnector({
      transport: () => {
        started.resolve();
        return new Promise(() => {});
      },
    });
    const database = await queueOf(1);
    const stopListening = vi.fn();
    database.onChange = () => stopListening;
    const uploading = connector.keepUploading(database, { signal: stop.controller.signal });
    await started.promise;
    end(() => connector.close());
    await uploading;
    expect(stopListening).toHaveBeenCalled();
    expect(connector.status.inFlight).toBeUndefined();
    expect(connector.status.counters).toMatchObject({ attempts: 1, failures: 0 });
  });

  it('leaves nothing behind, however often it is switched on and off', async () => {
    const { connector } = testConnector();
    const database = await queueOf(0);
    let listeners = 0;
    const counted = (stopListening: () => void) => {
      listeners++;
      return () => {
        listeners--;
        stopListening();
      };
    };
    const { subscribe } = connector;
    connector.subscribe = (listener) => counted(subscribe.call(connector, listener));
    database.onChange = () => counted(() => {});
    const signals: AbortSignal[] = [];
    for (let time = 0; time < 20; time++) {
      const { signal } = stop.controller;
      signals.push(signal);
      connector.keepUploading(database, { signal });
      await vi.waitFor(() => expect(listeners).toBeGreaterThan(0));
      stop.controller.abort();
      stop.controller = new AbortController();
    }
    await vi.waitFor(() => expect(listeners).toBe(0));
    expect(signals.flatMap((signal) => getEventListeners(signal, 'abort'))).toEqual([]);
  });

  it('waits until the gate opens by itself', async () => {
    vi.useFakeTimers({ now: START });
    const clock = vi.fn(Date.now);
    const { connector } = testConnector({ transport: refusing('unavailable'), clock });
    connector.keepUploading(await queueOf(1), { signal: stop.controller.signal });
    await vi.advanceTimersByTimeAsync(1_000);
    clock.mockClear();
    await vi.advanceTimersByTimeAsync(3_900);
    expect(connector.status.counters.attempts).toBe(1);
    expect(clock).not.toHaveBeenCalled(); // it sleeps
    await vi.advanceTimersByTimeAsync(200);
    expect(connector.status.counters.attempts).toBe(2);
    await vi.advanceTimersByTimeAsync(9_800);
    expect(connector.status.counters.attempts).toBe(2);
  });
});

it('disconnect() disconnects the database', async () => {
  const database = memoryDatabase();
  const disconnect = vi.spyOn(database, 'disconnect');
  await testConnector().connector.disconnect(database);
  expect(disconnect).toHaveBeenCalledTimes(1);
});

describe('setOwner()', () => {
  /** A database that waits, when a border is written, until it is let go on. */
  async function slowBorder() {
    const database = await queueOf(1);
    const [writing, goOn] = [deferred(), deferred()];
    const { execute } = database;
    database.execute = async (sql, parameters) => {
      if (sql.startsWith('INSERT OR REPLACE INTO connector_owners')) {
        writing.resolve();
        await goOn.promise;
      }
      return execute(sql, parameters);
    };
    return { database, writing, goOn };
  }

  it('refuses what is no user', async () => {
    const { connector } = testConnector();
    for (const owner of ['', undefined, 7, {}])
      await expect(connector.setOwner(memoryDatabase(), owner as never)).rejects.toThrow(
        /id of a user, or null/,
      );
  });

  it('refuses the token that was asked for while the one before was signed in', async () => {
    const answer = deferred<{ token: string }>();
    const credentials = vi.fn(() => answer.promise);
    const { connector } = testConnector({ credentials });
    const { database, writing, goOn } = await slowBorder();
    const asked = expect(connector.fetchCredentials()).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect.poll(() => credentials).toHaveBeenCalled();
    const changed = connector.setOwner(database, 'bob');
    await writing.promise;
    answer.resolve({ token: 'of-ada' });
    await asked;
    goOn.resolve();
    await changed;
  });

  it('forgets a token that a transport got while the border was written, though its signal was aborted', async () => {
    let user = 'ada';
    const [begun, late, ended] = [deferred(), deferred(), deferred()];
    const { connector } = testConnector({
      credentials: async () => ({ token: `of-${user}` }),
      transport: async (_, { token }) => {
        begun.resolve();
        await late.promise;
        await token().catch(() => ended.resolve());
        return [];
      },
    });
    const { database, writing, goOn } = await slowBorder();
    const upload = connector.uploadData(database).catch(() => {});
    await begun.promise;
    const changed = connector.setOwner(database, 'bob');
    await writing.promise;
    late.resolve();
    await ended.promise;
    goOn.resolve();
    await Promise.all([changed, upload]);
    user = 'bob';
    expect((await connector.fetchCredentials())?.token).toBe('of-bob');
  });

  it('sends no checkpoint request while the border is written', async () => {
    const request = vi.fn(async (_: string, requestId: string) => requestId);
    const { connector } = testConnector({ postCheckpointRequest: request });
    const { database, writing, goOn } = await slowBorder();
    const changed = connector.setOwner(database, 'bob');
    await writing.promise;
    await expect(connector.postCheckpointRequest?.('client', '1')).rejects.toMatchObject({ code: 'aborted' });
    goOn.resolve();
    await changed;
    expect(await connector.postCheckpointRequest?.('client', '1')).toBe('1');
    expect(request).toHaveBeenCalledOnce();
  });

  it('starts anew: the failures of the one before keep nobody waiting', async () => {
    const { transport, batches } = recordingTransport();
    let fails = true;
    const attempts: number[] = [];
    const { connector, events } = testConnector({
      transport: async (batch, context) => {
        attempts.push(context.attempt);
        if (fails) throw new UploadError('unavailable', 'Down.');
        return transport(batch, context);
      },
    });
    const database = await queueOf(1);
    await connector.drain(database);
    fails = false;
    await connector.setOwner(database, 'bob');
    expect(events.at(-1)).toEqual({ type: 'opened' });
    expect(connector.status.nextAttemptAt).toBeUndefined();
    await connector.uploadData(database);
    expect(attempts).toEqual([1, 1]);
    expect(batches).toHaveLength(1);
  });
});

describe('resetBreaker()', () => {
  it('says that refusals were the writes’ fault: one that is applied after all opens nothing', async () => {
    let refuses = true;
    const { connector, events } = testConnector({
      transport: (batch, context) => (refuses ? refusing('forbidden') : applyAll)(batch, context),
    });
    const database = await queueOf(6);
    expect((await connector.drain(database)).error?.code).toBe('misconfigured');
    expect(connector.status.breaker).toBe('open');
    await connector.resetBreaker(database);
    expect(connector.status.breaker).toBe('closed');
    events.length = 0;
    refuses = false;
    expect(await connector.drain(database)).toMatchObject({ drained: true });
    expect(connector.status.breaker).toBe('closed');
    expect(events.map(({ type }) => type)).not.toContain('breaker');
  });

  it('does nothing once the connector is closed', async () => {
    const { connector, events } = testConnector();
    const database = await queueOf(1);
    connector.close();
    events.length = 0;
    await expect(connector.resetBreaker(database)).rejects.toMatchObject({ code: 'aborted' });
    expect(events).toEqual([]);
  });
});

describe('a token that is refused', () => {
  it('is dropped, and so is a fresh one that is refused, too: the next call asks anew', async () => {
    let count = 0;
    const seen: (string | undefined)[] = [];
    const { connector } = testConnector({
      credentials: async () => ({ token: `t${++count}` }),
      transport: async (_, { token }) => {
        seen.push(await token());
        throw new UploadError('unauthenticated', 'Refused.');
      },
    });
    const database = await queueOf(1);
    await connector.drain(database);
    await connector.drain(database);
    expect(seen).toEqual(['t1', 't2', 't3', 't4']);
  });

  it('a fresh one is kept where something else failed', async () => {
    let count = 0;
    const seen: (string | undefined)[] = [];
    const { connector } = testConnector({
      credentials: async () => ({ token: `t${++count}` }),
      transport: async (_, { token }) => {
        seen.push(await token());
        throw new UploadError(seen.length === 1 ? 'unauthenticated' : 'unavailable', 'No.');
      },
    });
    const database = await queueOf(1);
    await connector.drain(database);
    await connector.drain(database);
    expect(seen).toEqual(['t1', 't2', 't2']);
  });

  it('after which nobody is signed in says so', async () => {
    let isSignedIn = true;
    const { connector } = testConnector({
      credentials: async () => (isSignedIn ? { token: 'token' } : null),
      transport: async (batch, context) => {
        await withToken(batch, context);
        isSignedIn = false;
        throw new UploadError('forbidden', 'Refused.');
      },
    });
    await expect(connector.uploadData(await queueOf(1))).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(connector.status.phase).toBe('needs-auth');
  });
});

it('close() keeps no token of a refresh that was on its way', async () => {
  const asked = deferred();
  const set = vi.fn();
  const { connector } = testConnector({
    credentials: async () => {
      await asked.promise;
      return { token: 'of-ada' };
    },
    tokenCache: { get: () => null, set },
  });
  const token = connector.fetchCredentials();
  await new Promise((resolve) => setImmediate(resolve));
  connector.close();
  asked.resolve();
  await expect(token).rejects.toMatchObject({ code: 'aborted' });
  expect(set).not.toHaveBeenCalled();
});
