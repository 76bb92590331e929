import { type ConnectorDatabase, UploadError } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, descriptions, testConnector } from '../support/connector.ts';

const REFUSED = 'refused by the backend';

/** The user changes at each point of an upload; nothing goes out in another's name, is lost, or is applied twice. */
describe('the user is switched', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  type Point =
    | 'before the queue is read'
    | 'before the token'
    | 'in flight'
    | 'between reply and record'
    | 'between record and complete'
    | 'after complete';
  const points: Point[] = [
    'before the queue is read',
    'before the token',
    'in flight',
    'between reply and record',
    'between record and complete',
    'after complete',
  ];

  it.each(points)('%s', async (point) => {
    const server = new Map<string, { as: string; what: string }>(); // by key: a replay is recognised
    let user = 'ada';
    let armed = false;
    let reached = false;
    const { connector } = testConnector({
      credentials: async () => ({ token: user }),
      transport: async (batch, { token }) => {
        await at('before the token');
        const as = await token();
        const outcomes = batch.transactions.map(({ key }, i) => {
          const what = descriptions(batch)[i] ?? '';
          if (what === REFUSED)
            return { status: 'rejected' as const, error: new UploadError('invalid', 'no') };
          if (!server.has(key)) server.set(key, { as: as ?? '', what });
          return applied();
        });
        await at('in flight');
        return outcomes;
      },
    });

    async function at(here: Point): Promise<void> {
      if (!armed || here !== point || reached) return;
      reached = true;
      user = 'bob';
      await connector.setOwner(client.db, 'bob');
      await addTodos(client, 'of bob');
    }

    await connector.setOwner(client.db, 'ada');
    await addTodos(client, 'a1', REFUSED, 'a2');
    const database: ConnectorDatabase = wrap(client.db, {
      getCrudBatch: () => at('before the queue is read'),
      execute: (sql) =>
        String(sql).includes('INTO connector_rejected_writes') ? at('between reply and record') : undefined,
      onComplete: () => at('between record and complete'),
      afterComplete: () => at('after complete'),
    });
    armed = true;
    await connector.drain(database);
    expect(reached).toBe(true);

    user = 'ada';
    await connector.setOwner(client.db, 'ada');
    await connector.drain(client.db);
    user = 'bob';
    await connector.setOwner(client.db, 'bob');
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });

    expect([...server.values()]).toEqual([
      { as: 'ada', what: 'a1' },
      { as: 'ada', what: 'a2' },
      { as: 'bob', what: 'of bob' },
    ]);
    expect(await client.db.getAll('SELECT owner FROM connector_rejected_writes')).toEqual([{ owner: 'ada' }]);
  });
});

interface Hooks {
  getCrudBatch(): Promise<void> | undefined;
  execute(sql: unknown): Promise<void> | undefined;
  onComplete(): Promise<void> | undefined;
  afterComplete(): Promise<void> | undefined;
}

/** The same database, with something happening before its methods run. */
function wrap(db: TestClient['db'], hooks: Hooks): ConnectorDatabase {
  return {
    getClientId: () => db.getClientId(),
    getUploadQueueStats: () => db.getUploadQueueStats(),
    getAll: (sql, parameters) => db.getAll(sql, parameters),
    async execute(sql, parameters) {
      await hooks.execute(sql);
      return db.execute(sql, parameters);
    },
    async getCrudBatch(limit) {
      await hooks.getCrudBatch();
      const batch = await db.getCrudBatch(limit);
      if (!batch) return null;
      const complete = async (): Promise<void> => {
        await hooks.onComplete();
        await batch.complete();
        await hooks.afterComplete();
      };
      return { crud: batch.crud, haveMore: batch.haveMore, complete };
    },
  };
}
