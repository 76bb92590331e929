import { getEventListeners } from 'node:events';
import { PowerSyncDatabase } from '@powersync/node';
import {
  type ConnectorDatabase,
  type Outcome,
  record,
  type Transport,
  UploadError,
} from 'powersync-backend-connector';
import {
  discardRejected,
  exportRejected,
  hold,
  listRejected,
  notifyRejected,
  type RejectedWrite,
  releaseHeld,
  retryRejected,
  type WritableDatabase,
  watchRejected,
} from 'powersync-backend-connector/rejections';
import type { AbstractPowerSyncDatabase as AbstractPowerSyncDatabase1 } from 'powersync-common-1';
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { closeClient, openClient, type TestClient, testSchema, waitFor } from '../support/client.ts';
import { addTodos, applyAll, deferred, queued, testConnector } from '../support/connector.ts';

const clients: TestClient[] = [];
const stops: AbortController[] = [];

async function open(options?: Parameters<typeof openClient>[0]): Promise<TestClient> {
  const client = await openClient(options);
  clients.push(client);
  return client;
}

function stopSignal(): AbortController {
  const stop = new AbortController();
  stops.push(stop);
  return stop;
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const stop of stops.splice(0)) stop.abort();
  for (const client of clients.splice(0).reverse()) await closeClient(client);
});

/** A transport that rejects what holds any of these texts, or everything. */
function rejecting(
  members: Partial<Extract<Outcome, { status: 'rejected' }>> = {},
  ...texts: string[]
): Transport {
  const isMeant = (entries: readonly unknown[]) =>
    texts.length === 0 || texts.some((text) => JSON.stringify(entries).includes(text));
  return async ({ transactions }) =>
    transactions.map(({ entries }) =>
      isMeant(entries)
        ? { status: 'rejected', error: new UploadError('conflict', 'Taken.', { status: 409 }), ...members }
        : { status: 'applied' },
    );
}

/** Writes to-dos, each in a transaction of its own, and has them rejected. */
async function reject(client: TestClient, ...texts: string[]): Promise<RejectedWrite[]> {
  await addTodos(client, ...texts);
  const { connector } = testConnector({ transport: rejecting() });
  await connector.drain(client.db);
  return listRejected(client.db);
}

const description = ({ entries }: RejectedWrite) => entries[0]?.opData?.description;

async function rows({ db }: TestClient): Promise<{ key: string; state: string; told_at: number | null }[]> {
  await listRejected(db);
  return db.getAll('SELECT * FROM connector_rejected_writes ORDER BY rowid');
}

const setOwner = ({ db }: TestClient, key: string | undefined, owner: string | null) =>
  db.execute('UPDATE connector_rejected_writes SET owner = ? WHERE key = ?', [owner, key]);

it('every database of the SDK is accepted', () => {
  expectTypeOf<TestClient['db']>().toExtend<WritableDatabase>();
  expectTypeOf<AbstractPowerSyncDatabase1>().toExtend<WritableDatabase>();
});

describe('listRejected()', () => {
  it('is empty if nothing was rejected, without any set-up', async () => {
    expect(await listRejected((await open()).db)).toEqual([]);
  });

  it('lists rejected writes with all their details', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('a', 'one')");
    await testConnector().connector.drain(client.db);
    await client.db.execute("UPDATE todos SET description = 'two', _metadata = 'by hand' WHERE id = 'a'");
    const before = Date.now();
    const details = { constraint: 'todos_key' };
    const transport = rejecting({ entryIndex: 0, details });
    await testConnector({ transport }).connector.drain(client.db);
    const [write, ...others] = await listRejected(client.db);
    expect(others).toEqual([]);
    expect(write).toMatchObject({
      key: expect.stringMatching(/:2-2:[0-9a-f]{16}$/),
      state: 'rejected',
      transactionId: 2,
      entryIndex: 0,
      code: 'conflict',
      status: 409,
      message: '[conflict] Taken.',
      details,
      owner: null,
      notifiedAt: undefined,
      laterOpIds: [],
    });
    expect(write?.entries).toMatchObject([
      {
        clientId: 2,
        op: 'PATCH',
        table: 'todos',
        id: 'a',
        opData: { description: 'two' },
        previousValues: { description: 'one' },
        metadata: 'by hand',
      },
    ]);
    expect(write?.rejectedAt.getTime()).toBeGreaterThanOrEqual(before);
  });

  it('lists them in the order of their rejection', async () => {
    const client = await open();
    const writes = await reject(client, 'one', 'two', 'three');
    expect(writes.map(description)).toEqual(['one', 'two', 'three']);
  });

  it('marks the later writes to the same row', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('a', 'bad')");
    await addTodos(client, 'other');
    await client.db.execute("UPDATE todos SET description = 'better' WHERE id = 'a'");
    const batching = { maxTransactions: 1 };
    const { connector } = testConnector({ transport: rejecting({}, 'bad'), batching });
    await connector.uploadData(client.db);
    expect((await listRejected(client.db))[0]?.laterOpIds).toEqual([3]);
  });

  it('keeps odd text in the data', async () => {
    const client = await open();
    const texts = [
      '🥛 emoji',
      `"quotes" 'single' \`back\``,
      '\u0000 nul \u2028',
      '{"json":"\\ud800"}',
      "'); --",
    ];
    const writes = await reject(client, ...texts);
    const stored = await client.db.getAll<{ description: string }>('SELECT description FROM todos');
    expect(stored).toHaveLength(texts.length);
    expect(writes.map(description).sort()).toEqual(stored.map((row) => row.description).sort());
    expect(writes.map(description).slice(0, 2)).toEqual(texts.slice(0, 2));
  });

  it("keeps lone surrogates in the backend's message", async () => {
    const client = await open();
    await addTodos(client, 'one');
    await testConnector({ transport: rejecting({ details: ['\ud83e', '🥛'] }) }).connector.drain(client.db);
    expect((await listRejected(client.db))[0]?.details).toEqual(['\ud83e', '🥛']);
  });

  it('shows the rows of an owner only to that owner', async () => {
    const client = await open();
    const [one, two] = await reject(client, 'one', 'two', 'three');
    await setOwner(client, one?.key, 'ada');
    await setOwner(client, two?.key, "b'ob");
    const of = async (owner?: string | null) => (await listRejected(client.db, { owner })).map(description);
    expect(await of('ada')).toEqual(['one']);
    expect(await of("b'ob")).toEqual(['two']);
    expect(await of('')).toEqual([]);
    expect(await of(null)).toEqual(['three']);
    expect(await of(undefined)).toEqual(['one', 'two', 'three']);
  });

  it('lists a row that cannot be read as text', async () => {
    const client = await open();
    await reject(client, 'one', 'two');
    await client.db.execute(`UPDATE connector_rejected_writes SET entries = '[{', details = '{', later_op_ids = '?'
      WHERE rowid = 1`);
    const [broken, whole] = await listRejected(client.db);
    expect(broken).toMatchObject({ entries: [], entriesText: '[{', details: '{', laterOpIds: [] });
    expect(whole && description(whole)).toBe('two');
  });

  it('does not list a write before it has left the queue', async () => {
    const client = await open();
    await addTodos(client, 'one', 'two');
    const recorded = deferred();
    const goOn = deferred();
    const { connector } = testConnector({
      transport: rejecting({}, 'one'),
      rejections: async (rejected, context) => {
        const decision = await record()(rejected, context);
        recorded.resolve();
        await goOn.promise;
        return decision;
      },
    });
    const upload = connector.uploadData(client.db);
    await recorded.promise;
    expect(await rows(client)).toHaveLength(1);
    expect(await listRejected(client.db)).toEqual([]);
    const key = (await rows(client))[0]?.key ?? '';
    await expect(retryRejected(client.db, key)).rejects.toThrow('not left the upload queue');
    await expect(discardRejected(client.db, key)).rejects.toThrow('not left the upload queue');
    goOn.resolve();
    await upload;
    expect(await listRejected(client.db)).toHaveLength(1);
  });
});

describe('held writes', () => {
  async function held(client: TestClient) {
    const outcome: { transport: Transport } = { transport: rejecting({ needsDecision: true }, 'ask') };
    const { connector } = testConnector({
      transport: (...given) => outcome.transport(...given),
      batching: { maxTransactions: 1 },
    });
    const report = await connector.drain(client.db);
    return { connector, report, outcome };
  }

  it('are listed while they are the head of the queue, and block the writes behind them', async () => {
    const client = await open();
    await addTodos(client, 'before', 'ask', 'behind');
    const { connector, report } = await held(client);
    expect(report).toMatchObject({ drained: false, applied: 1, remainingEntries: 2 });
    expect(connector.status.phase).toBe('held');
    expect(await queued(client)).toEqual(['ask', 'behind']);
    expect((await listRejected(client.db)).map((write) => [write.state, description(write)])).toEqual([
      ['held', 'ask'],
    ]);
    connector.close();
  });

  it('leave the queue after they are released, and are listed as rejected', async () => {
    const client = await open();
    await addTodos(client, 'ask', 'behind');
    const { connector } = await held(client);
    await connector.drain(client.db);
    const [write] = await listRejected(client.db);
    await releaseHeld(client.db, write?.key ?? '');
    await releaseHeld(client.db, write?.key ?? ''); // twice is no harm
    expect((await listRejected(client.db))[0]?.state).toBe('released');
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 1, rejected: 1 });
    expect((await listRejected(client.db)).map(({ state, key }) => [state, key])).toEqual([
      ['rejected', write?.key],
    ]);
    await expect(releaseHeld(client.db, write?.key ?? '')).rejects.toThrow('No held write has the key');
  });

  it.each([false, true])(
    'are forgotten when the backend accepts them after all (released: %s)',
    async (release) => {
      const client = await open();
      await addTodos(client, 'ask', 'behind');
      const { connector, outcome } = await held(client);
      const [write] = await listRejected(client.db);
      if (release) await releaseHeld(client.db, write?.key ?? '');
      outcome.transport = applyAll;
      expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 2 });
      expect(await listRejected(client.db)).toEqual([]);
      expect(await rows(client)).toEqual([]);
    },
  );

  it('are forgotten when the queue was cleared', async () => {
    const client = await open();
    await addTodos(client, 'ask');
    await held(client);
    await client.db.disconnectAndClear();
    expect(await listRejected(client.db)).toEqual([]);
    await addTodos(client, 'later');
    expect(await listRejected(client.db)).toEqual([]);
    expect(await rows(client)).toEqual([]);
  });

  it('of an app’s own policy are held and released in the same way', async () => {
    const client = await open();
    await addTodos(client, 'refuse');
    const { connector } = testConnector({ transport: rejecting(), rejections: hold() });
    expect(await connector.drain(client.db)).toMatchObject({ drained: false });
    const [write] = await listRejected(client.db);
    expect(write?.state).toBe('held');
    await releaseHeld(client.db, write?.key ?? '');
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, rejected: 1 });
  });

  it('can be neither retried nor discarded', async () => {
    const client = await open();
    const [first] = await reject(client, 'first');
    await addTodos(client, 'ask');
    await held(client);
    const write = (await listRejected(client.db))[1];
    await expect(retryRejected(client.db, write?.key ?? '')).rejects.toThrow('releaseHeld()');
    await expect(discardRejected(client.db, [first?.key ?? '', write?.key ?? ''])).rejects.toThrow(
      'releaseHeld()',
    );
    expect(await listRejected(client.db)).toHaveLength(2);
    expect(await queued(client)).toEqual(['ask']);
  });

  it('are found by their key only: an unknown key is an error', async () => {
    const client = await open();
    await expect(releaseHeld(client.db, 'no such key')).rejects.toThrow('nothing was changed');
  });
});

describe('watchRejected()', () => {
  it('calls back at the start and on every change, until it is ended', async () => {
    const client = await open();
    await reject(client, 'one');
    const seen: string[][] = [];
    const stop = stopSignal();
    watchRejected(client.db, (writes) => seen.push(writes.map(description)), { signal: stop.signal });
    await waitFor(() => seen.length === 1);
    const writes = await reject(client, 'two');
    await waitFor(() => seen.length === 2);
    await discardRejected(client.db, writes[0]?.key ?? '');
    await waitFor(() => seen.length === 3);
    expect(seen).toEqual([['one'], ['one', 'two'], ['two']]);
    stop.abort();
    const other = vi.fn();
    watchRejected(client.db, other, { signal: stopSignal().signal });
    await discardRejected(client.db, writes[1]?.key ?? '');
    await waitFor(() => other.mock.lastCall?.[0].length === 0);
    expect(seen).toHaveLength(3);
  });

  it('does not call back if only the queue changes', async () => {
    const client = await open();
    const listener = vi.fn();
    watchRejected(client.db, listener, { signal: stopSignal().signal });
    await waitFor(() => listener.mock.calls.length > 0);
    await addTodos(client, 'one');
    await testConnector().connector.drain(client.db);
    await reject(client, 'two');
    await waitFor(() => listener.mock.lastCall?.[0].length === 1);
    expect(listener.mock.calls.map(([writes]) => writes.length)).toEqual([0, 1]);
  });

  it('calls back when a held write is accepted', async () => {
    const client = await open();
    await addTodos(client, 'ask');
    const { connector } = testConnector({ transport: rejecting({ needsDecision: true }) });
    await connector.drain(client.db);
    const seen: string[][] = [];
    watchRejected(client.db, (writes) => seen.push(writes.map(({ state }) => state)), {
      signal: stopSignal().signal,
    });
    await waitFor(() => seen.length === 1);
    await testConnector().connector.drain(client.db);
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual([['held'], []]);
  });

  it('goes on after a listener that throws', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const client = await open();
    const listener = vi.fn(() => {
      throw new Error('bug in the app');
    });
    watchRejected(client.db, listener, { signal: stopSignal().signal });
    await waitFor(() => listener.mock.calls.length === 1);
    await reject(client, 'one');
    await waitFor(() => listener.mock.calls.length === 2);
    await waitFor(() => logged.mock.calls.length === 2);
  });

  it('shows only the writes of one owner', async () => {
    const client = await open();
    const [one] = await reject(client, 'one', 'two');
    await setOwner(client, one?.key, 'ada');
    const listener = vi.fn();
    watchRejected(client.db, listener, { signal: stopSignal().signal, owner: 'ada' });
    await waitFor(() => listener.mock.calls.length > 0);
    expect(listener.mock.calls[0]?.[0].map(description)).toEqual(['one']);
  });

  it('leaves nothing behind when it is ended', async () => {
    const client = await open();
    const stopListening = vi.fn();
    const { onChange } = client.db;
    const stop = stopSignal();
    const database = Object.create(client.db, {
      onChange: {
        value: (...given: Parameters<NonNullable<ConnectorDatabase['onChange']>>) => {
          const end = onChange.call(client.db, ...given) as unknown as () => void;
          return () => {
            end();
            stopListening();
          };
        },
      },
    });
    const listener = vi.fn();
    watchRejected(database, listener, { signal: stop.signal });
    await waitFor(() => listener.mock.calls.length > 0);
    expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
    stop.abort();
    expect(stopListening).toHaveBeenCalledTimes(1);
    expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  });

  it('sees changes although the database was not open yet', async () => {
    const client = await open();
    await closeClient(client, { keepFiles: true });
    const db = new PowerSyncDatabase({
      schema: testSchema,
      database: {
        dbFilename: client.name,
        dbLocation: client.folder,
        implementation: { type: 'node:sqlite' },
        readWorkerCount: 1,
      },
    });
    const again = { ...client, db };
    clients.push(again);
    const listener = vi.fn();
    watchRejected(db, listener, { signal: stopSignal().signal });
    await reject(again, 'one');
    await waitFor(() => listener.mock.lastCall?.[0].length === 1);
  });

  it('does nothing if it was ended before', async () => {
    const client = await open();
    const listener = vi.fn();
    watchRejected(client.db, listener, { signal: AbortSignal.abort() });
    await listRejected(client.db);
    await client.db.getAll('SELECT 1');
    expect(listener).not.toHaveBeenCalled();
  });

  /** The database without what it need not have. */
  const minimal = ({ db }: TestClient) => ({
    getClientId: () => db.getClientId(),
    getCrudBatch: (limit?: number) => db.getCrudBatch(limit),
    getUploadQueueStats: () => db.getUploadQueueStats(),
    execute: (sql: string, parameters?: unknown[]) => db.execute(sql, parameters),
    getAll: <T>(sql: string, parameters?: unknown[]) => db.getAll<T>(sql, parameters),
  });

  it('calls back once if the database cannot report changes', async () => {
    const listener = vi.fn();
    watchRejected(minimal(await open()), listener, { signal: stopSignal().signal });
    await waitFor(() => listener.mock.calls.length === 1);
  });

  it('stops listening to the database when it ends', async () => {
    const stopListening = vi.fn();
    const database = { ...minimal(await open()), onChange: () => stopListening };
    const listener = vi.fn();
    const stop = stopSignal();
    watchRejected(database, listener, { signal: stop.signal });
    await waitFor(() => listener.mock.calls.length === 1);
    expect(stopListening).not.toHaveBeenCalled();
    stop.abort();
    expect(stopListening).toHaveBeenCalledOnce();
  });

  it('passes the same list only once, however often the database reports a change', async () => {
    let changed = (): void => {};
    const client = await open();
    let reads = 0;
    const database = {
      ...minimal(client),
      getCrudBatch: (limit?: number) => {
        reads++;
        return client.db.getCrudBatch(limit);
      },
      onChange: ({ onChange }: { onChange: () => void }) => {
        changed = onChange;
        return () => {};
      },
    };
    const listener = vi.fn();
    watchRejected(database, listener, { signal: stopSignal().signal });
    await waitFor(() => listener.mock.calls.length === 1);
    changed();
    await waitFor(() => reads === 2);
    changed();
    await waitFor(() => reads === 3);
    expect(listener).toHaveBeenCalledOnce();
  });
});

describe('notifyRejected()', () => {
  it('reports each write once, in order, even after a restart', async () => {
    const client = await openClient();
    await reject(client, 'one', 'two');
    const told: string[] = [];
    const tell = (write: RejectedWrite) => {
      expect(write.notifiedAt).toBeInstanceOf(Date);
      told.push(description(write));
    };
    await notifyRejected(client.db, tell);
    await notifyRejected(client.db, tell);
    expect(told).toEqual(['one', 'two']);
    expect((await listRejected(client.db)).every(({ notifiedAt }) => notifiedAt)).toBe(true);
    const { folder, name } = client;
    await closeClient(client, { keepFiles: true });
    const again = await open({ folder, name });
    await notifyRejected(again.db, tell);
    await reject(again, 'three');
    await notifyRejected(again.db, tell);
    expect(told).toEqual(['one', 'two', 'three']);
  });

  it('reports once although two tabs report at the same time', async () => {
    const first = await open();
    const second = await open({ folder: first.folder, name: first.name });
    // In browsers the SDK's locks let tabs wait for each other; here SQLite has to.
    for (const { db } of [first, second]) await db.execute('PRAGMA busy_timeout = 10000');
    const texts = Array.from({ length: 5 }, (_, i) => `write ${i}`);
    await reject(first, ...texts);
    const told: string[] = [];
    const tell = async (write: RejectedWrite) => {
      told.push(description(write));
      await first.db.getAll('SELECT 1');
    };
    await Promise.all([notifyRejected(first.db, tell), notifyRejected(second.db, tell)]);
    expect(told.sort()).toEqual(texts.sort());
  });

  it('marks a write before it reports it, so an app that is killed meanwhile does not repeat it', async () => {
    const client = await open();
    await reject(client, 'one');
    await notifyRejected(client.db, async ({ key }) => {
      expect(await rows(client)).toMatchObject([{ key, told_at: expect.any(Number) }]);
    });
  });

  it('rethrows what the callback throws, and reports that write again the next time', async () => {
    const client = await open();
    await reject(client, 'one', 'two');
    const told: string[] = [];
    await notifyRejected(client.db, () => {
      throw new Error('no window');
    }).catch((error: Error) => told.push(error.message));
    await notifyRejected(client.db, (write) => told.push(description(write)));
    expect(told).toEqual(['no window', 'one', 'two']);
  });

  it('reports only the writes of one owner', async () => {
    const client = await open();
    const [one] = await reject(client, 'one', 'two');
    await setOwner(client, one?.key, 'ada');
    const told: string[] = [];
    await notifyRejected(client.db, (write) => told.push(description(write)), { owner: 'ada' });
    expect(told).toEqual(['one']);
    expect((await rows(client)).map(({ told_at }) => told_at === null)).toEqual([false, true]);
  });
});

describe('discardRejected()', () => {
  it('forgets one or several, and returns their number', async () => {
    const client = await open();
    const [one, two, three] = (await reject(client, 'one', 'two', 'three')).map(({ key }) => key);
    expect(await discardRejected(client.db, two ?? '')).toBe(1);
    expect((await listRejected(client.db)).map(description)).toEqual(['one', 'three']);
    expect(await discardRejected(client.db, [one ?? '', two ?? '', three ?? '', three ?? ''])).toBe(2);
    expect(await listRejected(client.db)).toEqual([]);
    expect(await discardRejected(client.db, [])).toBe(0);
    expect(await discardRejected(client.db, "it's; DROP TABLE connector_rejected_writes")).toBe(0);
  });

  it.each([undefined, null, 5, {}, [5], [undefined]])('%j is a TypeError', async (keys) => {
    const client = await open();
    await expect(discardRejected(client.db, keys as never)).rejects.toThrow(TypeError);
  });
});

describe('exportRejected()', () => {
  it('returns plain objects that JSON does not change', async () => {
    const client = await open();
    const texts = ['🥛', `"quotes"`, '\u0000'];
    const [, two] = await reject(client, ...texts);
    await client.db.execute(
      "UPDATE connector_rejected_writes SET entries = '[', details = NULL WHERE rowid = 3",
    );
    await client.db.execute('UPDATE connector_rejected_writes SET rejected_at = 1e300 WHERE rowid = 3');
    await setOwner(client, two?.key, 'ada');
    await notifyRejected(client.db, () => {}, { owner: 'ada' });
    const exported = await exportRejected(client.db);
    expect(JSON.parse(JSON.stringify(exported))).toStrictEqual(exported);
    expect(exported).toMatchObject([
      {
        state: 'rejected',
        code: 'conflict',
        status: 409,
        entryIndex: null,
        details: null,
        owner: null,
        notifiedAt: null,
        rejectedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        entries: [{ op: 'PUT', table: 'todos', opData: { description: '🥛' } }],
      },
      { owner: 'ada', notifiedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
      { entriesText: '[', rejectedAt: null },
    ]);
    expect(await exportRejected(client.db, { owner: 'ada' })).toHaveLength(1);
  });
});
