import type { CrudEntry, PowerSyncBackendConnector } from '@powersync/common';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  closeClient,
  connectClient,
  type OpenClientOptions,
  openClient,
  stalledQueueWarnings,
  type TestClient,
  untilSettled,
  waitFor,
} from '../support/client.ts';
import { MemorySource } from '../support/service-stand-in/memory-source.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';

let source: MemorySource;
let service: ServiceStandIn;
let clients: TestClient[];

beforeEach(async () => {
  clients = [];
  source = new MemorySource();
  service = await startServiceStandIn({ source });
});

afterEach(async () => {
  await Promise.all(clients.map((client) => closeClient(client)));
  await service.close();
});

async function newClient(options?: OpenClientOptions): Promise<TestClient> {
  const client = await openClient(options);
  clients.push(client);
  return client;
}

interface ConnectorOptions {
  userId?: string;
  /** Tokens to hand out before good ones. */
  firstTokens?: string[];
  apply?: (entry: CrudEntry) => void;
}

/** Uploads each transaction by calling `apply`, which writes to the source unless a test says otherwise. */
class Connector implements PowerSyncBackendConnector {
  readonly userId: string;
  readonly #firstTokens: string[];
  readonly #apply: (entry: CrudEntry) => void;
  fetches = 0;
  invalidations = 0;
  uploads = 0;

  constructor({ userId = 'ann', firstTokens = [], apply = applyToSource }: ConnectorOptions = {}) {
    this.userId = userId;
    this.#firstTokens = [...firstTokens];
    this.#apply = apply;
  }

  async fetchCredentials() {
    this.fetches += 1;
    const token = this.#firstTokens.shift() ?? (await source.signToken(this.userId));
    return { endpoint: service.url, token };
  }

  invalidateCredentials() {
    this.invalidations += 1;
  }

  async uploadData(db: Parameters<PowerSyncBackendConnector['uploadData']>[0]) {
    const transaction = await db.getNextCrudTransaction();
    if (!transaction) return;
    this.uploads += 1;
    for (const entry of transaction.crud) this.#apply(entry);
    await transaction.complete();
  }
}

function applyToSource(entry: CrudEntry): void {
  if (entry.op === 'PUT') source.put(entry.table, { ...entry.opData, id: entry.id });
  else if (entry.op === 'PATCH') source.patch(entry.table, entry.id, entry.opData ?? {});
  else source.remove(entry.table, entry.id);
}

const insertList = 'INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)';

async function listNames({ db }: TestClient): Promise<string[]> {
  const rows = await db.getAll<{ name: string }>('SELECT name FROM lists ORDER BY name');
  return rows.map((row) => row.name);
}

async function untilLists(client: TestClient, names: string[]): Promise<void> {
  const wanted = JSON.stringify(names);
  await waitFor(async () => JSON.stringify(await listNames(client)) === wanted, { what: `lists ${wanted}` });
}

function streamRequests() {
  return service.requests.filter((request) => request.path === '/sync/stream');
}

const bucketOfAnn = 'user_data["ann"]';

describe('downloads', () => {
  test('a new client gets the rows of its user and no others', async () => {
    source.put('lists', { id: 'l1', name: 'Groceries', owner_id: 'ann' });
    source.put('lists', { id: 'l2', name: 'Secrets', owner_id: 'bob' });
    source.put('todos', { id: 't1', list_id: 'l1', description: 'Milk', completed: true, owner_id: 'ann' });
    const client = await newClient();

    await connectClient(client.db, new Connector());
    await untilLists(client, ['Groceries']);

    expect(await client.db.getAll('SELECT id, list_id, description, completed, owner_id FROM todos')).toEqual(
      [{ id: 't1', list_id: 'l1', description: 'Milk', completed: 1, owner_id: 'ann' }],
    );
    expect(client.db.currentStatus.hasSynced).toBe(true);
    expect(service.connections()).toBe(1);
  });

  test('a user without rows has synced too', async () => {
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await waitFor(() => client.db.currentStatus.hasSynced, { what: 'the first sync' });
    expect(await listNames(client)).toEqual([]);
  });

  test('changes and deletions on the server reach an open stream', async () => {
    source.put('lists', { id: 'l1', name: 'One', owner_id: 'ann' });
    source.put('lists', { id: 'l2', name: 'Two', owner_id: 'ann' });
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await untilLists(client, ['One', 'Two']);

    source.patch('lists', 'l1', { name: 'Uno' });
    await untilLists(client, ['Two', 'Uno']);
    source.remove('lists', 'l2');
    await untilLists(client, ['Uno']);
    source.put('lists', { id: 'l2', name: 'Two again', owner_id: 'ann' });
    await untilLists(client, ['Two again', 'Uno']);

    expect(streamRequests()).toHaveLength(1);
    expect(client.logs.filter((record) => record.message.includes('checksum'))).toEqual([]);
  });

  test('more rows than fit one data line all arrive', async () => {
    for (let i = 0; i < 2500; i++) source.put('lists', { id: `l${i}`, name: `List ${i}`, owner_id: 'ann' });
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await waitFor(() => client.db.currentStatus.hasSynced, { what: 'the first sync' });
    expect(await client.db.get('SELECT count(*) AS n FROM lists')).toEqual({ n: 2500 });
  });

  test('a client that was away gets only what it missed', async () => {
    for (let i = 0; i < 20; i++) source.put('lists', { id: `l${i}`, name: `${i}`, owner_id: 'ann' });
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await waitFor(() => client.db.currentStatus.hasSynced, { what: 'the first sync' });
    await client.db.disconnect();
    await waitFor(() => service.connections() === 0, { what: 'the stream to end' });

    source.put('lists', { id: 'new', name: 'new', owner_id: 'ann' });
    source.remove('lists', 'l0');
    await connectClient(client.db, new Connector());
    await waitFor(async () => (await listNames(client)).includes('new'), { what: 'the missed row' });

    expect(await listNames(client)).toHaveLength(20);
    expect(streamRequests().map((request) => request.stream)).toEqual([
      { after: {}, operationsSent: 20 },
      { after: { [bucketOfAnn]: '20' }, operationsSent: 2 },
    ]);
  });

  test('a client that knows a longer history than a new stand-in starts over', async () => {
    for (let i = 0; i < 5; i++) source.put('lists', { id: `l${i}`, name: `${i}`, owner_id: 'ann' });
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await untilLists(client, ['0', '1', '2', '3', '4']);

    await service.close();
    source.remove('lists', 'l0');
    service = await startServiceStandIn({ source });
    await connectClient(client.db, new Connector());
    await untilLists(client, ['1', '2', '3', '4']);
  });

  test('two clients of one user in one process converge', async () => {
    const [first, second] = [await newClient(), await newClient()];
    await connectClient(first.db, new Connector());
    await connectClient(second.db, new Connector());

    await first.db.execute(insertList, ['a', 'from the first', 'ann']);
    await second.db.execute(insertList, ['b', 'from the second', 'ann']);

    await untilLists(first, ['from the first', 'from the second']);
    await untilLists(second, ['from the first', 'from the second']);
    await Promise.all([untilSettled(first), untilSettled(second)]);
  });

  test('another user on the same database sees only their own rows', async () => {
    source.put('lists', { id: 'l1', name: 'of Ann', owner_id: 'ann' });
    source.put('lists', { id: 'l2', name: 'of Bob', owner_id: 'bob' });
    const client = await newClient();
    await connectClient(client.db, new Connector({ userId: 'ann' }));
    await untilLists(client, ['of Ann']);
    await connectClient(client.db, new Connector({ userId: 'bob' }));
    await untilLists(client, ['of Bob']);
  });
});

describe('uploads', () => {
  test('a local write is uploaded, reaches its write checkpoint, and stays', async () => {
    const client = await newClient();
    await connectClient(client.db, new Connector());

    await client.db.execute(insertList, ['l1', 'Groceries', 'ann']);
    await untilSettled(client);

    expect(source.get('lists', 'l1')).toEqual({ id: 'l1', name: 'Groceries', owner_id: 'ann' });
    expect(await listNames(client)).toEqual(['Groceries']);
    const paths = service.requests.map((request) => request.path);
    expect(paths).toContain('/write-checkpoint2.json');
    expect(stalledQueueWarnings(client)).toEqual([]);
  });

  test('a local write that the server ignored is rolled back', async () => {
    source.put('lists', { id: 'l1', name: 'Old name', owner_id: 'ann' });
    const client = await newClient();
    const connector = new Connector({ apply: () => {} });
    await connectClient(client.db, connector);
    await untilLists(client, ['Old name']);

    await client.db.writeTransaction(async (tx) => {
      await tx.execute("UPDATE lists SET name = 'New name' WHERE id = 'l1'");
      await tx.execute(insertList, ['l2', 'Second', 'ann']);
    });
    expect(await listNames(client)).toEqual(['New name', 'Second']);
    await untilSettled(client);

    expect(await listNames(client)).toEqual(['Old name']);
    expect(connector.uploads).toBe(1);
  });

  test('an ignored deletion brings the row back', async () => {
    source.put('lists', { id: 'l1', name: 'Kept', owner_id: 'ann' });
    const client = await newClient();
    await connectClient(client.db, new Connector({ apply: () => {} }));
    await untilLists(client, ['Kept']);

    await client.db.execute("DELETE FROM lists WHERE id = 'l1'");
    expect(await listNames(client)).toEqual([]);
    await untilSettled(client);

    expect(await listNames(client)).toEqual(['Kept']);
  });

  test('writes made while disconnected are uploaded at the next connect', async () => {
    const client = await newClient();
    await client.db.execute(insertList, ['l1', 'Early', 'ann']);
    await connectClient(client.db, new Connector());
    await untilSettled(client);
    expect(source.get('lists', 'l1')?.name).toBe('Early');
  });

  test('checkpoint requests work like write checkpoints', async () => {
    const client = await newClient();
    await connectClient(client.db, new Connector(), { checkpointMode: 'requests' });
    await client.db.execute(insertList, ['l1', 'Groceries', 'ann']);
    await untilSettled(client);

    expect(await listNames(client)).toEqual(['Groceries']);
    const paths = new Set(service.requests.map((request) => request.path));
    expect(paths).toEqual(new Set(['/sync/stream', '/sync/checkpoint-request']));
  });

  test('a queue that is not completed counts as stalled', async () => {
    const client = await newClient();
    const connector = new Connector();
    connector.uploadData = async () => {};
    await client.db.execute(insertList, ['l1', 'Stuck', 'ann']);
    await connectClient(client.db, connector);
    await waitFor(() => stalledQueueWarnings(client).length > 0, { what: 'the warning' });
  });
});

describe('tokens', () => {
  test('an expired token is refused, and the client goes on with new credentials', async () => {
    source.put('lists', { id: 'l1', name: 'One', owner_id: 'ann' });
    const client = await newClient();
    const expired = await source.signToken('ann', { lifetimeSeconds: -10 });
    const connector = new Connector({ firstTokens: [expired] });

    await connectClient(client.db, connector);
    await untilLists(client, ['One']);

    expect(streamRequests().map((request) => request.status)).toEqual([401, 200]);
    expect(connector).toMatchObject({ fetches: 2, invalidations: 1 });
  });

  test('a stream ends with its token, and the client goes on with new credentials', async () => {
    const client = await newClient();
    const short = await source.signToken('ann', { lifetimeSeconds: 5 }); // until the stream is open, at least
    const connector = new Connector({ firstTokens: [short] });
    await connectClient(client.db, connector);
    await waitFor(() => streamRequests().length === 2, { what: 'the second stream' });
    source.put('lists', { id: 'l1', name: 'Late', owner_id: 'ann' });
    await untilLists(client, ['Late']);

    expect(streamRequests().map((request) => request.status)).toEqual([200, 200]);
    expect(connector.invalidations).toBe(1);
    expect(service.connections()).toBe(1);
  });

  test('refused tokens keep the client out until they are accepted again', async () => {
    const client = await newClient();
    const connector = new Connector();
    await connectClient(client.db, connector);
    await waitFor(() => client.db.currentStatus.connected, { what: 'the connection' });

    service.refuseTokens(true);
    service.endStreams();
    await waitFor(() => connector.invalidations >= 2, { what: 'two refusals' });
    expect(client.db.currentStatus.connected).toBe(false);
    expect(service.connections()).toBe(0);

    source.put('lists', { id: 'l1', name: 'Meanwhile', owner_id: 'ann' });
    service.refuseTokens(false);
    await untilLists(client, ['Meanwhile']);
  });
});

describe('faults', () => {
  test('cut() drops the stream and keeps clients out until restore()', async () => {
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await waitFor(() => client.db.currentStatus.connected, { what: 'the connection' });

    service.cut();
    await waitFor(() => !client.db.currentStatus.connected, { what: 'the cut' });
    expect(service.connections()).toBe(0);
    await expect(fetch(service.url)).rejects.toThrow('fetch failed');
    source.put('lists', { id: 'l1', name: 'Meanwhile', owner_id: 'ann' });
    expect(streamRequests()).toHaveLength(1);

    service.restore();
    await untilLists(client, ['Meanwhile']);
    expect(streamRequests()).toHaveLength(2);
  });

  test('a connection that is cut before its stream begins is not counted', async () => {
    let openGate = () => {};
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const snapshot = source.snapshot.bind(source);
    let entered = false;
    source.snapshot = async (userId) => {
      entered = true;
      await gate;
      return await snapshot(userId);
    };
    const opening = openStream(await source.signToken('ann'));
    await waitFor(() => entered, { what: 'the snapshot' });
    service.cut();
    await expect(opening).rejects.toThrow('fetch failed');
    service.restore();
    await fetch(`${service.url}/nothing`);
    openGate();

    const reopened = await openStream(await source.signToken('ann'));
    expect(service.connections()).toBe(1);
    await reopened.body?.cancel();
    await waitFor(() => service.connections() === 0, { what: 'the stream to end' });
  });

  test('slow() delays every answer', async () => {
    service.slow(120);
    const started = performance.now();
    await fetch(`${service.url}/write-checkpoint2.json`);
    expect(performance.now() - started).toBeGreaterThanOrEqual(115);
    service.slow(60_000);
    service.slow(0);
    const startedAgain = performance.now();
    await fetch(`${service.url}/write-checkpoint2.json`);
    expect(performance.now() - startedAgain).toBeLessThan(30_000);
  });

  test('close() does not wait for open streams', async () => {
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await waitFor(() => service.connections() === 1, { what: 'the stream' });
    const started = performance.now();
    await service.close();
    expect(performance.now() - started).toBeLessThan(15_000); // The stream would stay open for minutes.
  });

  test('a source that fails for a moment leaves no write checkpoint behind', async () => {
    const client = await newClient();
    await connectClient(client.db, new Connector());
    await waitFor(() => client.db.currentStatus.hasSynced, { what: 'the first sync' });
    const snapshot = source.snapshot.bind(source);
    let failures = 0;
    source.snapshot = async (userId) => {
      if (failures++ < 2) throw new Error('database is restarting');
      return await snapshot(userId);
    };

    await client.db.execute(insertList, ['l1', 'Groceries', 'ann']);
    await untilSettled(client);
    expect(failures).toBeGreaterThan(2);
    expect(await listNames(client)).toEqual(['Groceries']);
  });
});

describe('the wire', () => {
  test.each([
    ['no token', async () => undefined, 'PSYNC_S2106'],
    ['another scheme', async () => 'Basic abc', 'PSYNC_S2106'],
    ['not a JWT', async () => 'Token abc', 'PSYNC_S2101'],
    ['a foreign signature', async () => `Token ${await new MemorySource().signToken('ann')}`, 'PSYNC_S2102'],
    [
      'an expired token',
      async () => `Token ${await source.signToken('ann', { lifetimeSeconds: -1 })}`,
      'PSYNC_S2103',
    ],
    [
      'another audience',
      async () => `Token ${await source.signToken('ann', { audience: 'x' })}`,
      'PSYNC_S2105',
    ],
  ])('%s is a 401 with the code of the service', async (_, header, code) => {
    const authorization = await header();
    for (const [method, path] of [
      ['POST', '/sync/stream'],
      ['GET', '/write-checkpoint2.json'],
      ['POST', '/sync/checkpoint-request'],
    ] as const) {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(service.url + path, { method, headers });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        error: { name: 'AuthorizationError', code, status: 401, description: expect.any(String) },
      });
    }
  });

  test('write checkpoints are counted per user and client', async () => {
    const ask = async (userId: string, clientId: string) => {
      const headers = { authorization: `Bearer ${await source.signToken(userId)}` };
      const response = await fetch(`${service.url}/write-checkpoint2.json?client_id=${clientId}`, {
        headers,
      });
      return ((await response.json()) as { data: { write_checkpoint: string } }).data.write_checkpoint;
    };
    expect(await ask('ann', 'phone')).toBe('1');
    expect(await ask('ann', 'phone')).toBe('2');
    expect(await ask('ann', 'laptop')).toBe('1');
    expect(await ask('bob', 'phone')).toBe('1');
  });

  test('a checkpoint request answers with the greatest id known', async () => {
    const headers = { authorization: `Token ${await source.signToken('ann')}` };
    const ask = async (id: unknown) => {
      const body = JSON.stringify({ client_id: 'phone', checkpoint_request_id: id });
      const response = await fetch(`${service.url}/sync/checkpoint-request`, {
        method: 'POST',
        headers,
        body,
      });
      return { status: response.status, body: await response.json() };
    };
    expect(await ask('7')).toEqual({ status: 200, body: { data: { checkpoint_request_id: '7' } } });
    expect(await ask('3')).toEqual({ status: 200, body: { data: { checkpoint_request_id: '7' } } });
    for (const bad of ['0', '9223372036854775808', '-1', 'x', 8, null]) {
      expect(await ask(bad)).toMatchObject({ status: 400, body: { error: { code: 'PSYNC_S2001' } } });
    }
    expect(await ask('9223372036854775807')).toMatchObject({ status: 200 });
  });

  test('a write checkpoint comes with a snapshot that began after it was handed out', async () => {
    const snapshot = source.snapshot.bind(source);
    const gates: (() => void)[] = [];
    source.snapshot = async (userId) => {
      const rows = await snapshot(userId);
      await new Promise<void>((resolve) => gates.push(resolve));
      return rows;
    };
    const openGate = async () => (await waitFor(() => gates.shift(), { what: 'a snapshot' }))();
    const headers = { authorization: `Token ${await source.signToken('ann')}` };
    const opening = openStream(await source.signToken('ann'));
    await openGate();
    const lines = readLines(await opening);
    expect(await lines.next()).toHaveProperty('checkpoint.last_op_id', '0');
    expect(await lines.next()).toHaveProperty('checkpoint_complete');

    source.put('lists', { id: 'l1', name: 'One', owner_id: 'ann' });
    await waitFor(() => gates.length === 1, { what: 'the snapshot of the commit' });
    await fetch(`${service.url}/write-checkpoint2.json?client_id=phone`, { headers });
    expect(gates).toHaveLength(1);
    await openGate();
    expect(await lines.next()).toEqual({
      checkpoint_diff: {
        last_op_id: '1',
        updated_buckets: [expect.objectContaining({ bucket: bucketOfAnn, count: 1 })],
        removed_buckets: [],
      },
    });
    expect(await lines.next()).toHaveProperty('data.data.0.object_id', 'l1');
    expect(await lines.next()).toHaveProperty('checkpoint_complete');

    await openGate();
    expect(await lines.next()).toEqual({
      checkpoint_diff: { last_op_id: '1', write_checkpoint: '1', updated_buckets: [], removed_buckets: [] },
    });
    expect(await lines.next()).toHaveProperty('checkpoint_complete');
    await lines.stop();
  });

  test('a commit without rows of the user is not reported', async () => {
    const snapshot = source.snapshot.bind(source);
    let snapshots = 0;
    source.snapshot = async (userId) => {
      snapshots += 1;
      return await snapshot(userId);
    };
    const lines = readLines(await openStream(await source.signToken('ann')));
    expect(await lines.next()).toHaveProperty('checkpoint');
    expect(await lines.next()).toHaveProperty('checkpoint_complete');

    source.put('lists', { id: 'l1', name: 'of Bob', owner_id: 'bob' });
    await waitFor(() => snapshots === 2, { what: 'the snapshot after the commit of Bob' });
    source.put('lists', { id: 'l2', name: 'of Ann', owner_id: 'ann' });
    expect(await lines.next()).toHaveProperty('checkpoint_diff.last_op_id', '1');
    await lines.stop();
  });

  test('values are sent as SQLite can store them', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z');
    const values = { yes: true, no: false, big: 9007199254740993n, none: null, left_out: undefined };
    source.put('things', { id: 't1', owner_id: 'ann', ...values, at, list: ['a', { b: 1 }], half: 0.5 });
    const lines = readLines(await openStream(await source.signToken('ann')));
    await lines.next();
    expect(await lines.next()).toMatchObject({
      data: {
        data: [
          {
            op: 'PUT',
            object_type: 'things',
            object_id: 't1',
            data:
              '{"at":"2026-01-02T03:04:05.678Z","big":9007199254740993,"half":0.5,' +
              '"list":"[\\"a\\",{\\"b\\":1}]","no":0,"none":null,"owner_id":"ann","yes":1}',
          },
        ],
      },
    });
    await lines.stop();
  });

  test('a web page can send requests', async () => {
    const response = await fetch(`${service.url}/sync/stream`, { method: 'OPTIONS' });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  test('a stream warns before its token expires, and ends then', async () => {
    await service.close();
    service = await startServiceStandIn({ source, keepaliveMs: 300 });
    const token = await source.signToken('ann', { lifetimeSeconds: 5 });
    const response = await openStream(token);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');

    const lines = (await response.text()).trim().split('\n');
    const keepalives = lines
      .map((line) => (JSON.parse(line) as { token_expires_in?: number }).token_expires_in)
      .filter((seconds) => seconds !== undefined);
    expect(keepalives.at(0)).toBeGreaterThan(0);
    expect(keepalives.at(-1)).toBe(0);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      checkpoint: {
        last_op_id: '0',
        buckets: [
          { bucket: bucketOfAnn, checksum: 0, count: 0, priority: 3, subscriptions: [{ default: 0 }] },
        ],
        streams: [{ name: 'user_data', is_default: true, errors: [] }],
      },
    });
  });

  test('an unknown path is a 404 of the service', async () => {
    const response = await fetch(`${service.url}/nothing`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'PSYNC_S2002' } });
  });
});

async function openStream(token: string): Promise<Response> {
  return await fetch(`${service.url}/sync/stream`, {
    method: 'POST',
    headers: { authorization: `Token ${token}` },
    body: JSON.stringify({ client_id: 'phone' }),
  });
}

/** Reads the parsed lines of a stream one after another. */
function readLines(response: Response) {
  const reader = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  return {
    async next(): Promise<unknown> {
      while (!rest.includes('\n')) {
        const { value, done } = await reader.read();
        if (done) throw new Error('The stream is over');
        rest += value;
      }
      const end = rest.indexOf('\n');
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      return JSON.parse(line);
    },
    stop: () => reader.cancel(),
  };
}
