import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as sdk2 from '@powersync/node';
import {
  BackendConnector,
  type BackendConnectorOptions,
  type ConnectorDatabase,
  UploadError,
} from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { exportQueued } from 'powersync-backend-connector/owners';
import {
  discardRejected,
  listRejected,
  retryRejected,
  type WritableDatabase,
} from 'powersync-backend-connector/rejections';
import * as sdk1 from 'powersync-node-1';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { waitFor } from '../support/client.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type QueueDatabase, queueCases } from '../support/queue-suite.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';

/** What the two generations have in common, as far as the cases go. */
type Database = QueueDatabase & ConnectorDatabase & WritableDatabase & Connectable;

interface Connectable {
  connect(connector: BackendConnector, options: object): Promise<void>;
  disconnect(): Promise<void>;
  close(): Promise<void>;
  waitForReady(): Promise<void>;
  readonly currentStatus: { readonly dataFlowStatus: { readonly uploadError?: Error } };
}

interface Client {
  db: Database;
  /** What the SDK warned of. */
  warnings: string[];
}

const folders: string[] = [];
let opened = 0;

async function place() {
  const dbLocation = await mkdtemp(join(tmpdir(), 'connector-sdk-'));
  folders.push(dbLocation);
  const implementation = { type: 'node:sqlite' } as const;
  return { dbFilename: `sdk-${process.pid}-${++opened}.db`, dbLocation, implementation, readWorkerCount: 1 };
}

/** The tables of `test/support/client.ts`, made with either generation's classes. */
function schemaOf<Column, TableOf, SchemaOf>(
  { text, integer }: { text: Column; integer: Column },
  Table: new (
    columns: Record<string, Column>,
    options?: { trackPrevious: true; trackMetadata: true },
  ) => TableOf,
  Schema: new (tables: Record<string, TableOf>) => SchemaOf,
): SchemaOf {
  const todos = { list_id: text, description: text, completed: integer, owner_id: text };
  return new Schema({
    lists: new Table({ name: text, owner_id: text }),
    todos: new Table(todos, { trackPrevious: true, trackMetadata: true }),
  });
}

async function openSdk1(): Promise<Client> {
  const warnings: string[] = [];
  const logger = sdk1.createLogger(`sdk-1-${opened}`, { logLevel: sdk1.LogLevel.WARN });
  logger.warn = (...words: unknown[]) => void warnings.push(words.join(' '));
  const schema = schemaOf(sdk1.column, sdk1.Table as never, sdk1.Schema as never) as sdk1.Schema;
  const db = new sdk1.PowerSyncDatabase({ schema, database: await place(), logger });
  // Its driver for `node:sqlite` can't read the target of write checkpoints, whose number is too large for JavaScript.
  const getAll = db.database.getAll.bind(db.database);
  db.database.getAll = (sql, parameters) =>
    getAll(sql.replace('SELECT target_op FROM', 'SELECT CAST(target_op AS TEXT) FROM'), parameters);
  return { db: db as unknown as Database, warnings };
}

async function openSdk2(): Promise<Client> {
  const warnings: string[] = [];
  const logger = {
    log({ level, message }: sdk2.LogRecord) {
      if (level >= sdk2.LogLevels.warn) warnings.push(message);
    },
  };
  const schema = schemaOf(sdk2.column, sdk2.Table as never, sdk2.Schema as never) as sdk2.Schema;
  const db = new sdk2.PowerSyncDatabase({ schema, database: await place(), logger });
  return { db: db as unknown as Database, warnings };
}

const USER = 'ada';
let backend: Backend;
let proxy: FaultyProxy;
let service: ServiceStandIn;
beforeAll(async () => {
  backend = await startBackend({ log: () => {} });
  proxy = await startFaultyProxy(backend.url);
  service = await startServiceStandIn({ source: backend, keepaliveMs: 500 });
});
afterAll(async () => {
  await service.close();
  await proxy.close();
  await backend.close();
  for (const folder of folders) await rm(folder, { recursive: true });
});

describe.each([
  { name: 'SDK 1.x', open: openSdk1, connect: { connectionMethod: sdk1.SyncStreamConnectionMethod.HTTP } },
  { name: 'SDK 2.x', open: openSdk2, connect: {} },
])('$name', ({ open: openOne, connect: connectOptions }) => {
  const clients: Client[] = [];
  const connectors: BackendConnector[] = [];

  async function open(): Promise<Client> {
    const client = await openOne();
    clients.push(client);
    await client.db.waitForReady();
    return client;
  }

  function connector(options: Partial<BackendConnectorOptions> = {}): BackendConnector {
    const made = new BackendConnector({
      endpoint: service.url,
      credentials: async () => ({ token: await backend.issueToken(USER) }),
      transport: writeApi({ url: `${proxy.url}/api/data` }),
      retry: { baseMs: 50 },
      ...options,
    });
    connectors.push(made);
    return made;
  }

  const connect = ({ db }: Client, to: BackendConnector) =>
    db.connect(to, { retryDelayMs: 100, crudUploadThrottleMs: 10, ...connectOptions });
  const addList = ({ db }: Client, id: string, name = id) =>
    db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, name, USER]);
  const namesOf = async ({ db }: Client) =>
    (await db.getAll<{ name: string }>('SELECT name FROM lists ORDER BY name')).map(({ name }) => name);
  const savedNames = async () =>
    (await backend.query<{ name: string }>('SELECT name FROM lists ORDER BY name')).map(({ name }) => name);
  const queued = async ({ db }: Client) => (await db.getUploadQueueStats()).count;
  const untilNames = (client: Client, ...names: string[]) =>
    waitFor(async () => (await queued(client)) === 0 && (await namesOf(client)).join() === names.join(), {
      what: `local lists ${names}`,
    });

  afterEach(async () => {
    for (const each of connectors.splice(0)) each.close();
    for (const { db } of clients.splice(0)) await db.close();
    proxy.heal();
    service.restore();
    await backend.query('DELETE FROM lists');
  });

  it('uploads through db.connect(), and another device downloads', async () => {
    const [phone, laptop] = [await open(), await open()];
    await addList(phone, 'l1', 'groceries');
    await connect(phone, connector());
    await connect(laptop, connector());
    await untilNames(laptop, 'groceries');
    await untilNames(phone, 'groceries');
    await addList(phone, 'l2', 'more');
    await untilNames(laptop, 'groceries', 'more');
    expect(phone.warnings.filter((text) => text.includes('still present in the upload queue'))).toEqual([]);
  });

  it('keeps order and whole transactions over many batches', async () => {
    const client = await open();
    for (let index = 0; index < 7; index++) {
      await client.db.writeTransaction(async (tx) => {
        for (const part of ['a', 'b', 'c'])
          await tx.execute('INSERT INTO lists (id, name) VALUES (?, ?)', [
            `${index}${part}`,
            `${index}${part}`,
          ]);
      });
    }
    const batches: string[][] = [];
    const uploader = connector({
      batching: { maxTransactions: 2 },
      transport: async ({ transactions }) => {
        batches.push(transactions.flatMap(({ entries }) => entries.map(({ id }) => id)));
        return transactions.map(() => ({ status: 'applied' }));
      },
    });
    expect(await uploader.drain(client.db)).toMatchObject({ drained: true, applied: 7 });
    expect(batches.every((ids) => ids.length % 3 === 0)).toBe(true);
    expect(batches.flat()).toEqual([...batches.flat()].sort());
    expect(batches.flat()).toHaveLength(21);
    expect(await queued(client)).toBe(0);
  });

  it('a rejected write is kept, reported and rolled back; the writes around it are saved', async () => {
    const client = await open();
    await addList(client, 'l1', 'before');
    await addList(client, 'l2', ''); // the backend wants a name
    await addList(client, 'l3', 'behind');
    await connect(client, connector());
    await untilNames(client, 'before', 'behind');
    const [refused] = await listRejected(client.db);
    expect(refused).toMatchObject({ code: 'invalid', entries: [{ id: 'l2', op: 'PUT', table: 'lists' }] });

    await retryRejected(client.db, refused?.key ?? '', {
      edit: (entry) => ({ ...entry, opData: { ...entry.opData, name: 'mended' } }),
    });
    await untilNames(client, 'before', 'behind', 'mended');
    expect(await listRejected(client.db)).toEqual([]);
  });

  it('a rejected write can be discarded', async () => {
    const client = await open();
    await addList(client, 'l1', '');
    await connector().drain(client.db);
    const [refused] = await listRejected(client.db);
    await discardRejected(client.db, refused?.key ?? '');
    expect(await listRejected(client.db)).toEqual([]);
  });

  it('a write whose answer is lost is sent again with its key, and applied once', async () => {
    const client = await open();
    const before = backend.executions();
    await addList(client, 'l1');
    proxy.dropNextReply();
    await connect(client, connector());
    await untilNames(client, 'l1');
    expect(await savedNames()).toEqual(['l1']);
    expect(backend.executions()).toBe(before + 1);
  });

  it('uploadError is readable while the backend is down; nothing is lost', async () => {
    const client = await open();
    proxy.offline(true);
    await addList(client, 'l1');
    await connect(client, connector());
    const error = await waitFor(() => client.db.currentStatus.dataFlowStatus.uploadError);
    expect(UploadError.from(error)).toMatchObject({ code: 'network' });
    expect(await queued(client)).toBe(1);
    proxy.heal();
    await untilNames(client, 'l1');
  });

  it('a write of one user is not sent with the token of another', async () => {
    const client = await open();
    const uploader = connector();
    await uploader.setOwner(client.db, 'ada');
    await addList(client, 'l1');
    await uploader.setOwner(client.db, 'bob');
    await expect(uploader.uploadData(client.db)).rejects.toMatchObject({ code: 'owner_mismatch' });
    expect(await exportQueued(client.db)).toMatchObject([{ owner: 'ada' }]);
    await uploader.setOwner(client.db, 'ada');
    expect(await uploader.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
  });

  it('leaving drops no unsent write, unless the app asks for it', async () => {
    const client = await open();
    await addList(client, 'l1');
    await connector().drainAndClear(client.db as never, { unsent: 'keep' });
    expect(await savedNames()).toEqual(['l1']);
    expect(await namesOf(client)).toEqual([]);
  });

  it('disconnect() does not wait for a silent backend', async () => {
    const client = await open();
    const uploader = connector({ retry: { timeoutMs: 300 }, transport: () => new Promise(() => {}) });
    await addList(client, 'l1');
    await connect(client, uploader);
    await waitFor(() => uploader.status.phase === 'uploading');
    await client.db.disconnect();
    expect(await queued(client)).toBe(1);
  });
});

// That of 2.x: test/node/memory-database.test.ts.
describe('the queue of SDK 1.x', () => {
  let client: Client;
  beforeAll(async () => {
    client = await openSdk1();
    await client.db.waitForReady();
  });
  beforeEach(() => client.db.disconnectAndClear());
  afterAll(() => client.db.close());

  it.each(queueCases.filter(({ differsIn1 }) => !differsIn1))('$name', ({ run }) => run(client.db));
});
