import { UploadError } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import {
  closeClient,
  connectClient,
  openClient,
  stalledQueueWarnings,
  type TestClient,
  untilSettled,
  waitFor,
} from '../support/client.ts';
import { applied, deferred, testConnector } from '../support/connector.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';

const USER = 'ada';

/** The whole path: the SDK's own upload loop, the connector, HTTP, the example backend, and back through the stand-in. */
describe('the upload path through db.connect()', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let backend: Backend;
  let proxy: FaultyProxy;
  let service: ServiceStandIn;
  const clients: TestClient[] = [];
  const connectors: { close(): void }[] = [];

  beforeAll(async () => {
    database = await openDatabase();
    backend = await startBackend({ database });
    proxy = await startFaultyProxy(backend.url);
    service = await startServiceStandIn({ source: backend, keepaliveMs: 500 });
  });
  afterAll(async () => {
    await service.close();
    await proxy.close();
    await backend.close();
    await database.close();
  });
  afterEach(async () => {
    for (const connector of connectors.splice(0)) connector.close();
    for (const client of clients.splice(0)) await closeClient(client);
    proxy.heal();
    service.restore();
    service.slow(0);
    service.refuseTokens(false);
    await backend.query('DELETE FROM lists');
  });

  async function open(): Promise<TestClient> {
    const client = await openClient();
    clients.push(client);
    return client;
  }

  function connector(options: Parameters<typeof testConnector>[0] = {}) {
    const made = testConnector({
      endpoint: service.url,
      credentials: async () => ({ token: await backend.issueToken(USER) }),
      transport: writeApi({ url: `${proxy.url}/api/data` }),
      retry: { baseMs: 50 },
      ...options,
    });
    connectors.push(made.connector);
    return made;
  }

  const addList = (client: TestClient, id: string, name = id) =>
    client.db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, name, USER]);
  const localLists = async ({ db }: TestClient) =>
    (await db.getAll<{ name: string }>('SELECT name FROM lists ORDER BY name')).map(({ name }) => name);
  const serverLists = async () =>
    (await backend.query<{ name: string }>('SELECT name FROM lists ORDER BY name')).map(({ name }) => name);

  it('uploads, gets its write checkpoint, and another device downloads', async () => {
    const [phone, laptop] = [await open(), await open()];
    await addList(phone, 'l1', 'groceries');
    await connectClient(phone.db, connector().connector);
    await connectClient(laptop.db, connector().connector);
    await untilSettled(phone);
    await waitFor(async () => (await localLists(laptop)).length === 1, { what: 'the download' });
    expect(await localLists(laptop)).toEqual(['groceries']);
    expect(stalledQueueWarnings(phone)).toEqual([]);
  });

  it('a rejected write is recorded and visibly rolled back; the writes around it are saved', async () => {
    const client = await open();
    await addList(client, 'l1', 'before');
    await addList(client, 'l2', ''); // the backend wants a name
    await addList(client, 'l3', 'behind');
    expect(await localLists(client)).toEqual(['', 'before', 'behind']);
    await connectClient(client.db, connector().connector);
    await untilSettled(client);
    expect(await localLists(client)).toEqual(['before', 'behind']);
    expect(await client.db.getAll('SELECT code FROM connector_rejected_writes')).toEqual([
      { code: 'invalid' },
    ]);
    expect(stalledQueueWarnings(client)).toEqual([]);
  });

  it('a write whose answer is lost is sent again with its key, and applied once', async () => {
    const client = await open();
    const before = backend.executions();
    await addList(client, 'l1');
    proxy.dropNextReply();
    await connectClient(client.db, connector().connector);
    await untilSettled(client);
    expect(await serverLists()).toEqual(['l1']);
    expect(backend.executions()).toBe(before + 1);
  });

  it('a refused token is refreshed once, and the batch is sent once more', async () => {
    const client = await open();
    await addList(client, 'l1');
    let fetched = 0;
    const { connector: mine } = connector({
      credentials: async () => {
        fetched++;
        return { token: await backend.issueToken(USER, { expiresInSeconds: fetched === 1 ? -60 : 300 }) };
      },
    });
    await connectClient(client.db, mine);
    await untilSettled(client);
    expect(await serverLists()).toEqual(['l1']);
    expect(fetched).toBeLessThanOrEqual(3); // The SDK may have had the expired one too.
    expect(mine.status.counters.failures).toBe(0);
  });

  it('signed out: nothing is sent, the app can see why, and signing in resumes the upload', async () => {
    const client = await open();
    await addList(client, 'l1');
    let signedIn = false;
    const { connector: mine } = connector({
      credentials: async () => (signedIn ? { token: await backend.issueToken(USER) } : null),
      retry: { baseMs: 60_000 },
    });
    const posts = () => proxy.requests.filter(({ method }) => method === 'POST').length;
    const before = posts();
    void connectClient(client.db, mine);
    await waitFor(() => mine.status.phase === 'needs-auth');
    expect(posts()).toBe(before);
    signedIn = true;
    await untilSettled(client);
    expect(await serverLists()).toEqual(['l1']);
  });

  it('a stale completion is never made, so that downloads go on', async () => {
    const client = await open();
    await addList(client, 'l1');
    const sent = deferred();
    const answer = deferred();
    const { connector: mine } = connector({
      transport: async ({ transactions }) => {
        sent.resolve();
        await answer.promise;
        return transactions.map(applied);
      },
    });
    await connectClient(client.db, mine);
    await sent.promise;
    await (await client.db.getCrudBatch())?.complete(); // another tab
    await waitFor(async () => (await client.db.getUploadQueueStats()).count === 0);
    answer.resolve();
    await untilSettled(client);
    await backend.query("INSERT INTO lists (id, name, owner_id) VALUES ('s1', 'from the server', $1)", [
      USER,
    ]);
    await waitFor(async () => (await localLists(client)).includes('from the server'), {
      what: 'the download',
    });
  });

  it('an upload that waited for another one does not look like a stalled queue', async () => {
    const client = await open();
    for (let i = 0; i < 20; i++) await addList(client, `l${i}`);
    const { connector: mine } = connector({ batching: { maxTransactions: 1 } });
    await Promise.all([connectClient(client.db, mine), mine.drain(client.db), mine.uploadData(client.db)]);
    await untilSettled(client);
    expect(stalledQueueWarnings(client)).toEqual([]);
    expect(client.logs.filter(({ message }) => message.includes('Delaying due to'))).toEqual([]);
    expect(await serverLists()).toHaveLength(20);
  });

  it('an outage ends with everything applied once, and the SDK shows the error meanwhile', async () => {
    const client = await open();
    for (const id of ['l1', 'l2', 'l3']) await addList(client, id);
    proxy.failNext(503, { times: 3, body: { message: 'restarting' } });
    const { connector: mine, events } = connector();
    const before = backend.executions();
    void connectClient(client.db, mine);
    const seen = await waitFor(() => client.db.currentStatus.dataFlowStatus.uploadError);
    expect(UploadError.from(seen)).toMatchObject({ code: 'unavailable', status: 503 });
    await untilSettled(client);
    expect(backend.executions()).toBe(before + 3);
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(3);
    expect(mine.status).toMatchObject({
      phase: 'idle',
      lastError: undefined,
      stalledSince: undefined,
      queuedEntries: 0,
    });
  });

  it('keepUploading() goes on while the service is down, even if the gate was closed', async () => {
    const client = await open();
    service.cut();
    proxy.failNext(503, { times: 2 });
    const { connector: mine } = connector();
    const stop = new AbortController();
    void connectClient(client.db, mine);
    mine.keepUploading(client.db, { signal: stop.signal });
    await addList(client, 'l1');
    await waitFor(async () => (await serverLists()).length === 1, { what: 'the write behind two 503' });
    await addList(client, 'l2');
    await waitFor(async () => (await serverLists()).length === 2, { what: 'a later write' });
    stop.abort();
    await addList(client, 'l3');
    service.restore();
    await untilSettled(client); // The SDK's own loop takes over.
    expect(await serverLists()).toEqual(['l1', 'l2', 'l3']);
  });

  it('without it, the SDK leaves the write queued while the service is down', async () => {
    const client = await open();
    service.cut();
    proxy.failNext(503, { times: 5 }); // connecting and the write may each begin an upload
    const { connector: mine } = connector();
    void connectClient(client.db, mine, { retryDelayMs: 50 });
    await addList(client, 'l1');
    await waitFor(() => mine.status.lastError?.code === 'unavailable');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect((await client.db.getUploadQueueStats()).count).toBe(1);
    proxy.heal();
    expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
  });
});
