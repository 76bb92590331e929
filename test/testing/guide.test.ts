// Every example of docs/guide/testing-mocks.md, executed; the last test compares them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { BackendConnector } from 'powersync-backend-connector';
import { writeService } from 'powersync-backend-connector/connect';
import { graphql } from 'powersync-backend-connector/graphql';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { listRejected, retryRejected } from 'powersync-backend-connector/rejections';
import { postgrest } from 'powersync-backend-connector/supabase';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  mockBatchEndpoint,
  mockGraphql,
  mockPostgrest,
  mockRowEndpoints,
  mockTokenEndpoint,
  mockWriteApi,
  mockWriteService,
} from '../../src/testing/mocks.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';

let client: TestClient;
let db: TestClient['db'];
beforeEach(async () => {
  client = await openClient();
  db = client.db;
});
afterEach(() => closeClient(client));

const api = mockWriteApi({ url: 'https://api.example.com/api/data' });
const auth = mockTokenEndpoint({ url: 'https://api.example.com/api/auth/token' });
const server = setupServer(...api.handlers, ...auth.handlers);

beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
afterAll(() => server.close());
afterEach(() => {
  expect(api.pending).toEqual([]); // every fault that a test prepared has happened
  api.reset();
  auth.reset();
  server.resetHandlers();
});

let now = Date.now();
let connector: BackendConnector;
beforeEach(() => {
  connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async ({ signal }) => (await fetch(auth.url, { signal })).json(),
    transport: writeApi({ url: api.url }),
    clock: () => now, // the test says when a wait is over
  });
});
afterEach(() => connector.close());

it('the server rejects my todo, the user sees it and retries', async () => {
  api.rejectNext('CHECK_VIOLATION', { message: 'too long' });
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'far too long')");
  await connector.drain(db);
  const [rejected] = await listRejected(db);
  expect(rejected).toMatchObject({ code: 'invalid', details: { message: 'too long' } });
  expect(api.tables).toEqual({});

  await retryRejected(db, rejected?.key ?? '', {
    edit: (entry) => ({ ...entry, opData: { description: 'short' } }),
  });
  await connector.drain(db);
  expect(await listRejected(db)).toEqual([]);
  expect(api.tables.todos).toEqual({ t1: { description: 'short' } });
});

it('a write whose answer was lost is applied once', async () => {
  api.dropReply();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ drained: false, error: { code: 'network' } });
  expect(api.tables.todos).toEqual({ t1: { description: 'milk' } });

  expect(await connector.drain(db)).toMatchObject({ drained: true });
  expect(api.received).toHaveLength(2);
  expect(api.executions).toBe(1);
});

it('without idempotency at the backend it is applied twice', async () => {
  const careless = mockWriteApi({ url: 'https://api.example.com/careless', idempotent: false });
  server.use(...careless.handlers);
  const uploads = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport: writeApi({ url: careless.url }),
  });
  careless.dropReply();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  await uploads.drain(db);
  await uploads.drain(db);
  expect(careless.executions).toBe(2);
});

it('an expired token is refreshed once', async () => {
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  await connector.drain(db);
  api.expireToken();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t2', 'bread')");
  await connector.drain(db);
  expect(api.received.map(({ status }) => status)).toEqual([200, 401, 200]);
  expect(auth.tokens).toHaveLength(2);
  expect(Object.keys(api.tables.todos ?? {})).toEqual(['t1', 't2']);
});

it('while the token route is down, writes stay queued', async () => {
  auth.failNext(500);
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ drained: false, remainingEntries: 1 });
  expect(api.received).toEqual([]);

  expect(await connector.drain(db)).toMatchObject({ drained: true });
});

it('nothing is sent before the time that Retry-After names', async () => {
  api.failNext(503, { retryAfter: 60 });
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  await connector.drain(db);
  expect(connector.status).toMatchObject({ phase: 'waiting', nextAttemptAt: now + 60_000 });

  now += 59_000;
  await connector.drain(db);
  expect(api.received).toHaveLength(1);

  now += 1_000;
  await connector.drain(db);
  expect(api.received).toHaveLength(2);
  expect(api.tables.todos).toEqual({ t1: { description: 'milk' } });
});

it('what was written offline is uploaded, in order, once there is a connection', async () => {
  api.offline();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  await db.execute("UPDATE todos SET description = 'oat milk' WHERE id = 't1'");
  expect(await connector.drain(db)).toMatchObject({ remainingEntries: 2, error: { code: 'network' } });
  expect(api.received).toEqual([]);

  api.online();
  expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 2 });
  expect(api.received[0]?.transactions.map(({ entries }) => entries[0]?.op)).toEqual(['PUT', 'PATCH']);
  expect(api.tables.todos).toEqual({ t1: { description: 'oat milk' } });
});

it('a captive portal loses no write', async () => {
  api.html();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ remainingEntries: 1, error: { code: 'misconfigured' } });
  expect(await listRejected(db)).toEqual([]);

  await connector.drain(db);
  expect(api.tables.todos).toEqual({ t1: { description: 'milk' } });
});

it('an answer that ends early, or counts wrong, loses no write', async () => {
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  api.truncate();
  api.wrongCount();
  for (const _ of ['cut', 'one too few']) expect((await connector.drain(db)).remainingEntries).toBe(1);
  expect(await connector.drain(db)).toMatchObject({ drained: true });
  expect(api.executions).toBe(1);
});

it('what is too large is rejected, and what is behind it goes on', async () => {
  api.limitBytes(1_000);
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', ?)", ['x'.repeat(2_000)]);
  await db.execute("INSERT INTO todos (id, description) VALUES ('t2', 'bread')");
  expect(await connector.drain(db)).toMatchObject({ applied: 1, rejected: 1 });
  expect(await listRejected(db)).toMatchObject([{ code: 'too_large' }]);
  expect(Object.keys(api.tables.todos ?? {})).toEqual(['t2']);
});

it('close() ends an upload that hangs', async () => {
  api.freeze();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  const draining = connector.drain(db);
  await expect.poll(() => api.received).toHaveLength(1);
  connector.close();
  expect(await draining).toMatchObject({ drained: false, error: { code: 'aborted' } });
});

it('a held write waits for the user', async () => {
  api.rejectNext('CONFLICT_WITH_TEAM', { needsDecision: true });
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ drained: false, remainingEntries: 1 });
  expect(connector.status.phase).toBe('held');
  expect(await listRejected(db)).toMatchObject([{ state: 'held' }]);
});

it('only the write that breaks the rule is rejected', async () => {
  api.rejectNext('UNIQUE_VIOLATION', { where: ({ opData }) => opData?.description === 'milk' });
  for (const text of ['bread', 'milk', 'eggs'])
    await db.execute('INSERT INTO todos (id, description) VALUES (?, ?)', [text, text]);
  expect(await connector.drain(db)).toMatchObject({ applied: 2, rejected: 1 });
  expect(Object.keys(api.tables.todos ?? {})).toEqual(['bread', 'eggs']);
});

it('without msw: the mock is a fetch', async () => {
  const api = mockBatchEndpoint({ url: 'https://api.example.com/sync' });
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport: batchEndpoint({ url: api.url, fetch: api.fetch }),
  });
  api.rejectNext('23505', { status: 409 });
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ rejected: 1 });
});

it('a backend that is not atomic keeps what stands before the refused entry', async () => {
  const api = mockBatchEndpoint({ url: 'https://api.example.com/sync', atomic: false });
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport: batchEndpoint({ url: api.url, fetch: api.fetch }),
  });
  api.rejectNext('23514', { where: ({ id }) => id === 't2' });
  await db.writeTransaction(async (tx) => {
    for (const id of ['t1', 't2']) await tx.execute('INSERT INTO todos (id) VALUES (?)', [id]);
  });
  expect(await connector.drain(db)).toMatchObject({ rejected: 1 });
  expect(api.tables).toEqual({ todos: { t1: {} } });
});

it('REST resources of your own', async () => {
  const api = mockRowEndpoints({
    url: 'https://api.example.com/v1',
    tables: { lists: { l1: { name: 'Groceries' } } },
    read: ({ method, path: [lists, list, todos], body }) =>
      method === 'POST' && lists === 'lists' && todos === 'todos'
        ? { op: 'PUT', table: 'todos', id: body.id, opData: { list_id: list, description: body.text } }
        : undefined,
  });
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport: rowEndpoints({
      url: api.url,
      fetch: api.fetch,
      routes: {
        todos: ({ id, opData }) => ({
          method: 'POST',
          path: `/lists/${opData?.list_id}/todos`,
          body: { id, text: opData?.description },
        }),
      },
    }),
  });
  await db.execute("INSERT INTO todos (id, list_id, description) VALUES ('t1', 'l1', 'milk')");
  await connector.drain(db);
  expect(api.tables.todos).toEqual({ t1: { list_id: 'l1', description: 'milk' } });
});

it('a GraphQL server with mutations of your own', async () => {
  const api = mockGraphql({
    url: 'https://api.example.com/graphql',
    read: ({ field, variables: { id, text, key } }) =>
      field === 'putTodo'
        ? { key, entries: [{ op: 'PUT', table: 'todos', id, opData: { description: text } }] }
        : undefined,
  });
  const transport = graphql({
    url: api.url,
    fetch: api.fetch,
    mutations: {
      todos: {
        PUT: {
          mutation:
            'mutation ($id: ID!, $text: String!, $key: ID!) { putTodo(id: $id, text: $text, key: $key) { id } }',
          variables: ({ id, opData }, { key }) => ({ id, key, text: opData?.description }),
        },
      },
    },
  });
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport,
  });
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  await connector.drain(db);
  expect(api.tables.todos).toEqual({ t1: { description: 'milk' } });
});

it('a Supabase project', async () => {
  const api = mockPostgrest({ url: 'https://example.supabase.co/rest/v1' });
  const client = createClient('https://example.supabase.co', 'key', { global: { fetch: api.fetch } });
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport: postgrest({ client, rpc: 'powersync_upload' }),
  });
  api.rejectNext('23505', { where: ({ table }) => table === 'lists' });
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  await db.execute("INSERT INTO lists (id, name) VALUES ('l1', 'a name that is taken')");
  await connector.drain(db);
  expect(await listRejected(db)).toMatchObject([{ code: 'conflict' }]);
  expect(api.tables).toEqual({ todos: { t1: { description: 'milk' } } });
});

it('a gRPC service', async () => {
  const api = mockWriteService();
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: 'any' }),
    transport: writeService({ transport: api.transport }),
  });
  api.failNext(503); // UNAVAILABLE
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ remainingEntries: 1, error: { code: 'unavailable' } });
  expect(await connector.drain(db)).toMatchObject({ drained: true });
});

const handlers = [
  http.all(api.url, async ({ request }) => api.fetch(request).catch(() => HttpResponse.error())),
];

it('the mock behind a handler of msw itself', async () => {
  server.use(...handlers);
  api.dropReply();
  await db.execute("INSERT INTO todos (id, description) VALUES ('t1', 'milk')");
  expect(await connector.drain(db)).toMatchObject({ error: { code: 'network' } });
  expect(await connector.drain(db)).toMatchObject({ drained: true });
});

it('every example of the guide stands in this file', () => {
  const root = join(import.meta.dirname, '../..');
  const guide = readFileSync(join(root, 'docs/guide/testing-mocks.md'), 'utf8');
  const here = linesOf(readFileSync(import.meta.filename, 'utf8')).join('\n');
  const examples = [...guide.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);
  expect(examples.length).toBeGreaterThan(10);
  for (const example of examples) {
    const lines = linesOf(example).filter((line) => !line.startsWith('import '));
    expect(here).toContain(lines.join('\n'));
  }
});

/** Without indentation, and without empty lines. */
function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
}
