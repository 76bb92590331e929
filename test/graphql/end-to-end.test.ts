import { graphql } from 'powersync-backend-connector/graphql';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { recordedNames } from '../http/queue.ts';
import {
  closeClient,
  connectClient,
  openClient,
  stalledQueueWarnings,
  type TestClient,
  untilSettled,
  waitFor,
} from '../support/client.ts';
import { testConnector } from '../support/connector.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';

const USER = 'ada';

/** The whole path: the SDK's own upload loop, graphql(), graphql-yoga on Postgres, and back through the stand-in. */
describe('uploads over GraphQL through db.connect()', () => {
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
      transport: graphql({ url: `${proxy.url}/graphql` }),
      retry: { baseMs: 50 },
      ...options,
    });
    connectors.push(made.connector);
    return made;
  }

  const addList = ({ db }: TestClient, id: string, name = id) =>
    db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, name, USER]);
  const localLists = async ({ db }: TestClient) =>
    (await db.getAll<{ name: string }>('SELECT name FROM lists ORDER BY name')).map(({ name }) => name);

  it('uploads what the SDK tracked, and another device downloads it', async () => {
    const [phone, laptop] = [await open(), await open()];
    await addList(phone, 'l1', 'groceries');
    await phone.db.writeTransaction(async (tx) => {
      await tx.execute(
        `INSERT INTO todos (id, list_id, description, owner_id) VALUES ('t1', 'l1', 'milk', '${USER}')`,
      );
      await tx.execute(
        "UPDATE todos SET description = 'oat milk', _metadata = 'from the form' WHERE id = 't1'",
      );
    });
    await connectClient(phone.db, connector().connector);
    await connectClient(laptop.db, connector().connector);
    await untilSettled(phone);
    await waitFor(async () => (await localLists(laptop)).length === 1, { what: 'the download' });
    expect(await backend.query('SELECT description FROM todos')).toEqual([{ description: 'oat milk' }]);
    const sent = proxy.requests.flatMap(({ body }) => (body ? JSON.parse(body).variables.transactions : []));
    expect(sent.flatMap(({ crud }) => crud)).toContainEqual(
      expect.objectContaining({
        op: 'PATCH',
        previous_values: expect.objectContaining({ description: 'milk' }),
        metadata: 'from the form',
      }),
    );
    expect(stalledQueueWarnings(phone)).toEqual([]);
  });

  it('a refused write is recorded and rolls back; the ones around it are saved', async () => {
    const client = await open();
    for (const name of ['before', '', 'behind']) await addList(client, `l-${name}`, name);
    await connectClient(client.db, connector().connector);
    await untilSettled(client);
    expect(await localLists(client)).toEqual(['before', 'behind']);
    expect(await client.db.getAll('SELECT code, entry_index FROM connector_rejected_writes')).toEqual([
      { code: 'invalid', entry_index: 0 },
    ]);
    expect(stalledQueueWarnings(client)).toEqual([]);
  });

  it('an outage, a web page, masked errors and a lost answer cost nothing but time', async () => {
    const client = await open();
    const before = backend.executions();
    for (const name of ['a', 'b', 'c']) await addList(client, name);
    proxy.failNext(503);
    proxy.htmlNextReply();
    const masked = {
      message: 'Unexpected error.',
      path: ['uploadTransactions'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    };
    proxy.failNext(200, { body: { data: { uploadTransactions: null }, errors: [masked] } });
    proxy.failNext(400, {
      body: { errors: [{ ...masked, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
    });
    proxy.dropNextReply();
    await connectClient(client.db, connector().connector);
    await untilSettled(client);
    expect(await localLists(client)).toEqual(['a', 'b', 'c']);
    expect(backend.executions()).toBe(before + 3);
    expect(await recordedNames(client)).toEqual([]);
    expect(stalledQueueWarnings(client)).toEqual([]);
  });

  it('a refused token is refreshed once, and the batch sent once more', async () => {
    const client = await open();
    await addList(client, 'a');
    let fetched = 0;
    const { connector: mine } = connector({
      credentials: async () => ({
        token: await backend.issueToken(USER, { expiresInSeconds: ++fetched === 1 ? -60 : 300 }),
      }),
    });
    await connectClient(client.db, mine);
    await untilSettled(client);
    expect(await backend.query('SELECT name FROM lists')).toEqual([{ name: 'a' }]);
    expect(mine.status.counters.failures).toBe(0);
  });
});
