import { createConnectTransport, createGrpcTransport } from '@connectrpc/connect-node';
import * as web from '@connectrpc/connect-web';
import type { UploadError } from 'powersync-backend-connector';
import { writeService } from 'powersync-backend-connector/connect';
import { columns } from 'powersync-backend-connector/transforms';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, readWritableTables } from '../../examples/backend/database.ts';
import { type GrpcServer, startGrpcServer } from '../../examples/backend/grpc.ts';
import { WRITABLE_TABLES } from '../../examples/backend/schema.ts';
import { createTokens, type Tokens } from '../../examples/backend/tokens.ts';
import { recorded, thrownBy } from '../http/queue.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { queued, testConnector } from '../support/connector.ts';

const USER = 'ada';

describe('the real SDK, through writeService(), to the example server', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let tokens: Tokens;
  let server: GrpcServer;
  let executions = 0;
  const logged: unknown[] = [];
  let client: TestClient;

  beforeAll(async () => {
    database = await openDatabase();
    tokens = await createTokens();
    server = await startGrpcServer({
      database,
      tokens,
      tables: await readWritableTables(database, WRITABLE_TABLES),
      onExecuted: () => executions++,
      log: (error) => logged.push(error),
    });
  });
  afterAll(async () => {
    await server.close();
    await database.close();
    expect(logged).toEqual([]);
  });
  beforeEach(async () => {
    executions = 0;
    client = await openClient();
  });
  afterEach(async () => {
    await closeClient(client);
    await database.query('DELETE FROM lists');
    await database.query('DELETE FROM applied_transactions');
  });

  const protocols: [string, () => Parameters<typeof writeService>[0]['transport']][] = [
    ['gRPC', () => createGrpcTransport({ baseUrl: server.http2Url })],
    ['gRPC-Web', () => web.createGrpcWebTransport({ baseUrl: server.url })],
    ['Connect', () => web.createConnectTransport({ baseUrl: server.url })],
  ];

  function connector(transport = createGrpcTransport({ baseUrl: server.http2Url }) as never, options = {}) {
    return testConnector({
      credentials: async () => ({ token: await tokens.issue(USER) }),
      transport: writeService({ transport }),
      ...options,
    }).connector;
  }
  const addList = (id: string, name = id) =>
    client.db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, name, USER]);
  const stored = async () =>
    (await database.query<{ name: string }>('SELECT name FROM lists ORDER BY id')).rows.map(
      ({ name }) => name,
    );

  it.each(protocols)('%s: what was written is stored, and leaves the queue', async (_, makeTransport) => {
    for (let index = 0; index < 60; index++) await addList(`l${index}`);
    await client.db.writeTransaction(async (transaction) => {
      await transaction.execute("UPDATE lists SET name = 'renamed' WHERE id = 'l0'");
      await transaction.execute("DELETE FROM lists WHERE id <> 'l0'");
    });
    const mine = connector(makeTransport() as never);
    expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 61, rejected: 0 });
    expect(await stored()).toEqual(['renamed']);
    expect(await queued(client)).toEqual([]);
    expect(executions).toBe(61);
  });

  it.each(protocols)(
    '%s: a write that the server refuses is recorded, with its words',
    async (_, makeTransport) => {
      await addList('l1');
      await addList('l2', ''); // the server wants a name
      await addList('l3');
      const mine = connector(makeTransport() as never);
      expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 2, rejected: 1 });
      expect(await stored()).toEqual(['l1', 'l3']);
      const [{ code, entry_index, details } = { code: '', entry_index: null, details: '' }] =
        await client.db.getAll<{ code: string; entry_index: number; details: string }>(
          'SELECT code, entry_index, details FROM connector_rejected_writes',
        );
      expect({ code, entry_index }).toEqual({ code: 'invalid', entry_index: 0 });
      expect(JSON.parse(details)).toMatchObject({
        error_code: 'CHECK_VIOLATION',
        details: { table: 'lists' },
      });
    },
  );

  it('an answer that is lost is replayed by key, and applied once', async () => {
    await addList('l1');
    let lost = 0;
    const losing = createGrpcTransport({
      baseUrl: server.http2Url,
      interceptors: [
        (next) => async (request) => {
          const response = await next(request);
          if (lost++ === 0) throw new TypeError('fetch failed');
          return response;
        },
      ],
    });
    const mine = connector(losing as never, { retry: { baseMs: 1, maxMs: 1 } });
    expect(await thrownBy(mine.uploadData(client.db))).toMatchObject({ code: 'network' });
    expect(await queued(client)).toHaveLength(1);
    expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
    expect(await queued(client)).toEqual([]);
    expect(lost).toBe(2);
    expect(executions).toBe(1);
  });

  it('a token that is refused is refreshed once, and the batch sent once more', async () => {
    await addList('l1');
    const strangers = await createTokens();
    let fetched = 0;
    const mine = connector(undefined, {
      credentials: async () => ({ token: await (fetched++ === 0 ? strangers : tokens).issue(USER) }),
    });
    expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
    expect(fetched).toBe(2);
    expect(mine.status.counters.failures).toBe(0);
  });

  it('tokens that are refused again and again keep everything', async () => {
    await addList('l1');
    const mine = connector(undefined, { credentials: async () => ({ token: 'not-a-token' }) });
    expect(await thrownBy(mine.uploadData(client.db))).toMatchObject({ code: 'unauthenticated' });
    expect(mine.status.phase).toBe('needs-auth');
    expect(await queued(client)).toHaveLength(1);
  });

  it('a server that is down, and one without the service, keep everything', async () => {
    await addList('l1');
    const down = connector(createGrpcTransport({ baseUrl: 'http://127.0.0.1:1' }) as never);
    expect((await thrownBy(down.uploadData(client.db))).code).toBe('network');
    const elsewhere = createConnectTransport({ baseUrl: `${server.url}/elsewhere`, httpVersion: '1.1' });
    const error: UploadError = await thrownBy(connector(elsewhere as never).uploadData(client.db));
    expect(error.code).toBe('misconfigured');
    expect(await queued(client)).toHaveLength(1);
    expect(await recorded(client)).toEqual([]);
  });

  it('the deadline of the connector ends a call that hangs', async () => {
    await addList('l1');
    const hanging = createGrpcTransport({
      baseUrl: server.http2Url,
      interceptors: [
        () =>
          ({ signal }) =>
            new Promise((_, reject) => signal.addEventListener('abort', reject)),
      ],
    });
    const mine = connector(hanging as never, { retry: { timeoutMs: 100 } });
    expect((await thrownBy(mine.uploadData(client.db))).code).toBe('timeout');
    expect(await queued(client)).toHaveLength(1);
  });

  it('text that protobuf cannot carry rejects its transaction only', async () => {
    await addList('l1');
    await addList('l2', '👍');
    await addList('l3');
    const mine = connector(undefined, {
      transform: columns({ name: (name: string) => name.slice(0, name === '👍' ? 1 : 9) }),
    });
    expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 2, rejected: 1 });
    expect(await stored()).toEqual(['l1', 'l3']);
  });

  it('one transaction per call is as good', async () => {
    for (const id of ['l1', 'l2', 'l3']) await addList(id);
    const mine = connector(undefined, { batching: { maxTransactions: 1 } });
    expect(await mine.drain(client.db)).toMatchObject({ drained: true, applied: 3 });
    expect(await stored()).toEqual(['l1', 'l2', 'l3']);
  });
});
