import { setTimeout as sleep } from 'node:timers/promises';
import { BackendConnector } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient, stalledQueueWarnings, untilSettled } from '../support/client.ts';
import type { Truncation } from '../support/faulty-proxy.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';
import { expiredToken, type Servers } from './servers.ts';
import { expectDelivered, localRows } from './workload.ts';

const ROUNDS = 40;
const DEADLINE_MS = 200;

/** The app connects, writes and disconnects, again and again, while everything around it fails by chance. */
export function reconnects(servers: Servers): void {
  let service: ServiceStandIn;
  beforeAll(async () => {
    service = await startServiceStandIn({ source: servers.backend, keepaliveMs: 500 });
  });
  afterAll(() => service.close());

  const seed = Number(process.env.FAULTS_SEED) || Math.ceil(Math.random() * 1e9);

  it(`${ROUNDS} times in a row (FAULTS_SEED=${seed})`, async () => {
    const random = seeded(seed);
    const pick = <T>(...from: T[]): T => from[Math.floor(random() * from.length)] as T;
    const { proxy, backend } = servers;
    const client = await servers.open();
    const user = servers.newUser();
    let tokenIsGood = true;
    const connect = (connector: BackendConnector) =>
      void connectClient(client.db, connector, { retryDelayMs: 20 }).catch(() => {});
    const newConnector = (timeoutMs = DEADLINE_MS) =>
      new BackendConnector({
        endpoint: service.url,
        credentials: async () => ({
          token: tokenIsGood ? await backend.issueToken(user) : await expiredToken(backend, user),
        }),
        transport: writeApi({ url: `${proxy.url}/api/data` }),
        batching: { maxTransactions: 4 },
        retry: { baseMs: 5, maxMs: 40, timeoutMs },
      });

    const [taken, refused]: [string[], string[]] = [[], []];
    const lists = new Map<string, string>();
    let opId = 0;
    const write = async () => {
      const isRefused = random() < 0.1;
      const entries = pick(1, 1, 2, 3);
      const range = `${opId + 1}-${opId + entries}`;
      opId += entries;
      (isRefused ? refused : taken).push(range);
      await client.db.writeTransaction(async (transaction) => {
        for (let i = 0; i < entries; i++) {
          const id = isRefused ? `refused-${range}-${i}` : `${user}-${pick(1, 2, 3, 4, 5, 6)}`;
          const name = isRefused ? '' : `${range}-${i}`;
          const isThere = lists.has(id);
          if (!isRefused) lists.set(id, name);
          if (isThere) await transaction.execute('UPDATE lists SET name = ? WHERE id = ?', [name, id]);
          else
            await transaction.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [
              id,
              name,
              user,
            ]);
        }
      });
    };

    const faults: (() => void)[] = [
      () => {},
      () => proxy.dropNextReply(pick(1, 2)),
      () => proxy.hangNext(),
      () => proxy.failNext(503, { times: pick(1, 3) }),
      () => proxy.truncateNextReply(pick<Truncation>('broken', 'stalled', 'unsized', 'short-length')),
      () => proxy.htmlNextReply(),
      () => proxy.offline(true),
      () => proxy.delay(pick(5, 30)),
      () => {
        tokenIsGood = false;
      },
      () => service.refuseTokens(true),
      () => service.cut(),
    ];
    const heal = () => {
      proxy.heal();
      service.refuseTokens(false);
      service.restore();
      tokenIsGood = true;
    };

    let connector = newConnector();
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = pick(0, 1, 3); i > 0; i--) await write();
      heal();
      for (let i = pick(1, 1, 2); i > 0; i--) pick(...faults)();
      if (random() < 0.3) connector = newConnector(); // The app was started again.
      connect(connector);
      await sleep(random() * 80);
      await write();
      if (random() < 0.3) proxy.offline(pick(true, false));
      await sleep(random() * 80);
      const startedAt = performance.now();
      await client.db.disconnect();
      expect(performance.now() - startedAt).toBeLessThan(DEADLINE_MS + 15_000); // A request that hangs would hold it for ever.
    }
    heal();
    connector = newConnector(30_000); // Nothing hangs any more, and a slow machine may need longer than the short deadline.
    connect(connector);
    await untilSettled(client);
    await client.db.disconnect();

    const rows = {
      lists: [...lists]
        .map(([id, name]) => ({ id, name, owner_id: user }))
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      todos: [],
    };
    await expectDelivered(client, backend, { user, taken, refused, rows });
    expect(await localRows(client)).toEqual(rows);
    expect(stalledQueueWarnings(client)).toEqual([]);
    expect(proxy.requests.some(({ status }) => status !== 200)).toBe(true);
  });
}

/** Numbers from 0 to below 1 that look like chance, the same ones for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
