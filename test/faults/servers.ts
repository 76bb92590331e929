import {
  BackendConnector,
  type BackendConnectorOptions,
  type UploadError,
  type UploadEvent,
} from 'powersync-backend-connector';
import { afterAll, afterEach, beforeAll, vi } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';
import { type Point, withPoints } from './points.ts';
import { BACKEND_TAKES_BYTES, FITS_BYTES } from './workload.ts';

export interface Servers {
  /** The example backend, and a proxy before it that can fail. */
  readonly backend: Backend;
  readonly proxy: FaultyProxy;
  /** A user nobody had before. */
  newUser(): string;
  /** A new client, or another one on the same file; closed after the test. */
  open(at?: Pick<TestClient, 'folder' | 'name'>): Promise<TestClient>;
  /** A client without rows that earlier tests may have used: opening one takes longer than most tests. */
  client(): Promise<TestClient>;
}

/** Starts the example backend for the tests of a file. */
export function serversForTests(): Servers {
  let backend: Backend;
  let proxy: FaultyProxy;
  let users = 0;
  const clients: TestClient[] = [];
  let shared: TestClient | undefined;
  beforeAll(async () => {
    backend = await startBackend({ maxBodyBytes: BACKEND_TAKES_BYTES });
    proxy = await startFaultyProxy(backend.url);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail' && shared) clients.push(shared);
    if (task.result?.state === 'fail') shared = undefined;
    proxy.heal();
    proxy.requests.length = 0;
    for (const client of clients.splice(0).reverse()) await closeClient(client);
  });
  afterAll(async () => {
    if (shared) await closeClient(shared);
    await proxy.close();
    await backend.close();
  });
  return {
    get backend() {
      return backend;
    },
    get proxy() {
      return proxy;
    },
    newUser: () => `user-${++users}`,
    async open(at = {} as TestClient) {
      const client = await openClient(at);
      clients.push(client);
      return client;
    },
    async client() {
      shared ??= await openClient();
      await reset(shared);
      return shared;
    },
  };
}

/** Takes back what a test did to a client: methods that it put in the way, rows, and what was recorded. */
async function reset({ db }: TestClient): Promise<void> {
  for (const name of WRAPPED) Reflect.deleteProperty(db, name);
  await db.disconnectAndClear();
  const tables = await db.getAll<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'connector_%'",
  );
  for (const { name } of tables) await db.execute(`DELETE FROM ${name}`);
}

/** Methods of the database that tests wrap. */
const WRAPPED = ['getClientId', 'getCrudBatch', 'getUploadQueueStats', 'execute', 'getAll'];

export interface ConnectorOptions extends Partial<BackendConnectorOptions> {
  readonly user: string;
  readonly maxBodyBytes?: number;
  readonly at?: (point: Point) => unknown;
}

/** A connector on the real path: HTTP through the proxy to the example backend. Its reads call `at`, too. */
export function connectorTo(
  { backend, proxy }: Servers,
  { db }: TestClient,
  { user, maxBodyBytes = FITS_BYTES, at = () => {}, credentials, ...others }: ConnectorOptions,
) {
  const events: UploadEvent[] = [];
  const connector = new BackendConnector({
    ...withPoints({
      db,
      url: proxy.url,
      maxBodyBytes,
      credentials: credentials ?? (async () => ({ token: await backend.issueToken(user) })),
      at,
    }),
    random: () => 0,
    ...others,
  });
  connector.subscribe((event) => events.push(event));
  return { connector, events };
}

/** The error of an upload; undefined if there was none. */
export function errorOf(upload: Promise<unknown>): Promise<UploadError | undefined> {
  return upload.then(
    () => undefined,
    (error: UploadError) => error,
  );
}

/** The outcome of an upload, which must not hang, whatever happens: it has to come before the deadline of 30 s would end it. */
export async function soon<T>(upload: Promise<T>, ms = 20_000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The upload was still running after ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([upload, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** A token that was good until a minute ago. */
export async function expiredToken(backend: Backend, user: string): Promise<string> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 360_000 });
  try {
    return await backend.issueToken(user, { expiresInSeconds: 300 });
  } finally {
    vi.useRealTimers();
  }
}
