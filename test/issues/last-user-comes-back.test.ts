import { setTimeout as sleep } from 'node:timers/promises';
import { type BackendConnector, record, UploadError } from 'powersync-backend-connector';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applyAll, recordingTransport, testConnector } from '../support/connector.ts';

// What was still under way at sign-out came back afterwards: a row of the last user's, or their token.
describe('after signing out', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  it('a policy that is still at work writes no row of the last user', async () => {
    const keep = record();
    const { connector } = testConnector({
      transport: async () => {
        throw new UploadError('invalid', 'No.');
      },
      retry: { timeoutMs: 60 },
      rejections: async (rejected, context) => {
        await sleep(400);
        return keep(rejected, context);
      },
    });
    await addTodos(client, 'secret of ada');
    await connector.drain(client.db);
    expect(await connector.drainAndClear(client.db, { unsent: 'discard', timeoutMs: 20 })).toMatchObject({
      cleared: true,
    });
    await sleep(500);
    expect(await client.db.getAll('SELECT key FROM connector_rejected_writes')).toEqual([]);
  });

  it('an asynchronous token cache is empty in the end, however slow it is', async () => {
    const waits = [60, 5, 5, 5];
    let stored: string | null = null;
    const { connector } = testConnector({
      credentials: async () => ({ token: 'token-of-ada' }),
      tokenCache: {
        get: async () => stored,
        set: async (token) => {
          await sleep(waits.shift() ?? 0);
          stored = token;
        },
      },
    });
    await connector.fetchCredentials();
    await connector.drainAndClear(client.db, { unsent: 'discard', timeoutMs: 20 });
    expect(stored).toBeNull();
    await sleep(100);
    expect(stored).toBeNull();
  });

  it.each<[string, (connector: BackendConnector, db: TestClient['db']) => Promise<unknown>]>([
    ['setOwner()', (connector, db) => connector.setOwner(db, null)],
    ['drainAndClear()', (connector, db) => connector.drainAndClear(db, { unsent: 'discard', timeoutMs: 20 })],
  ])('a token that the SDK asks for during %s is neither given nor kept', async (_, leave) => {
    let stored: string | null = null;
    let isLeaving = false;
    let meanwhile: Promise<unknown> | undefined;
    const { connector } = testConnector({
      credentials: async () => ({ token: 'token-of-ada' }), // The app ends its session only afterwards.
      tokenCache: {
        get: async () => stored,
        set: async (token) => {
          if (isLeaving) meanwhile ??= connector.fetchCredentials().catch((error) => error);
          await sleep(40);
          stored = token;
        },
      },
    });
    await connector.setOwner(client.db, 'ada');
    await connector.fetchCredentials();
    isLeaving = true;
    await leave(connector, client.db);
    expect(await meanwhile).toMatchObject({ code: 'aborted' });
    expect(stored).toBeNull();
    await sleep(100);
    expect(stored).toBeNull();
  });

  it.each<[string, unknown]>([
    ['a number', 17],
    ['text', '17'],
  ])('a token whose user is %s is compared with the owner', async (_, sub) => {
    const { transport, batches } = recordingTransport(async (batch, context) => {
      await context.token();
      return applyAll(batch, context);
    });
    const { connector } = testConnector({
      transport: async (batch, context) => {
        await context.token();
        return transport(batch, context);
      },
      credentials: async () => ({ token: unsignedJwt({ sub }) }),
    });
    await connector.setOwner(client.db, '17');
    await addTodos(client, 'mine');
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
    await connector.setOwner(client.db, '18');
    await addTodos(client, 'of somebody else');
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(batches).toHaveLength(1);
  });

  it.each<[string, string]>([
    ['that names its user', unsignedJwt({ sub: 'ada' })],
    ['that is opaque', 'opaque'],
  ])('writes of nobody are not sent with a token %s', async (_, token) => {
    const { transport, batches } = recordingTransport();
    const { connector } = testConnector({
      transport: async (batch, context) => {
        await context.token();
        return transport(batch, context);
      },
      credentials: async () => ({ token }),
    });
    await connector.setOwner(client.db, 'ada');
    await connector.setOwner(client.db, null);
    await addTodos(client, 'of nobody');
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'owner_mismatch' } });
    expect(batches).toEqual([]);
  });
});
