import { setTimeout as sleep } from 'node:timers/promises';
import type { Transport } from 'powersync-backend-connector';
import { perEntry, route, type SendEntry } from 'powersync-backend-connector/combine';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, queued, testConnector } from '../support/connector.ts';

// perEntry() and route() went on with the next entry after the deadline, close() and setOwner(), where the app's function
// took no notice of its signal, as most examples do; and the next upload ran beside the old one.
describe('a function that ignores its signal', () => {
  let client: TestClient;
  const log: string[] = [];
  let running = 0;
  let overlaps = 0;
  beforeEach(async () => {
    client = await openClient();
    log.length = 0;
    running = 0;
    overlaps = 0;
    await addTodos(client, 'a', 'b', 'c');
  });
  afterEach(() => closeClient(client));

  const slow = async (what: string): Promise<void> => {
    running++;
    if (running > 1) overlaps++;
    log.push(what);
    await sleep(80);
    running--;
  };
  const sendEntry: SendEntry = (entry) => slow(entry.opData?.description);
  const transports: [string, () => Transport][] = [
    ['perEntry()', () => perEntry(sendEntry)],
    ['route()', () => route({ default: perEntry(sendEntry) })],
    [
      'route() with parts',
      () => {
        const one: Transport = async ({ transactions }) => {
          await slow(transactions[0]?.entries[0]?.opData?.description);
          return transactions.map(() => ({ status: 'applied' }));
        };
        return route([
          { match: (entry) => entry.opData?.description !== 'b', transport: one },
          { match: () => true, transport: (batch, context) => one(batch, context) },
        ]);
      },
    ],
  ];

  it.each(transports)('starts nothing after close(): %s', async (_, transport) => {
    const { connector } = testConnector({ transport: transport() });
    const upload = connector.uploadData(client.db).catch((error) => error.code);
    await expect.poll(() => log.length).toBe(1);
    connector.close();
    expect(await upload).toBe('aborted');
    await sleep(200);
    expect(log).toHaveLength(1);
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
  });

  it.each(transports)(
    'starts nothing after the deadline, and no upload runs beside it: %s',
    async (_, transport) => {
      const { connector } = testConnector({ transport: transport(), retry: { timeoutMs: 40 } });
      for (let call = 0; call < 4; call++) await connector.drain(client.db);
      await sleep(150);
      expect(overlaps).toBe(0);
    },
  );

  it.each(transports)('starts nothing of one user once another is signed in: %s', async (_, transport) => {
    const { connector } = testConnector({ transport: transport() });
    await connector.setOwner(client.db, 'ada');
    await addTodos(client, 'of ada 1', 'of ada 2');
    await connector.drain(client.db);
    log.length = 0;
    await addTodos(client, 'of ada 3', 'of ada 4');
    const upload = connector.uploadData(client.db).catch((error) => error.code);
    await expect.poll(() => log.length).toBe(1);
    await connector.setOwner(client.db, 'bob');
    expect(await upload).toBe('aborted');
    await sleep(200);
    expect(log).toEqual(['of ada 3']);
  });

  it('is waited for by the next upload, also of another connector, and does not undo what was written meanwhile', async () => {
    const row: string[] = [];
    const late: Transport = async ({ transactions }) => {
      await sleep(150);
      for (const { entries } of transactions) row.push(entries[0]?.opData?.description);
      return transactions.map(() => ({ status: 'applied' }));
    };
    const first = testConnector({ transport: late, retry: { timeoutMs: 30 } });
    await expect(first.connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    first.connector.close();
    await addTodos(client, 'd');
    const second = testConnector({
      transport: async ({ transactions }) => {
        for (const { entries } of transactions) row.push(entries[0]?.opData?.description);
        return transactions.map(() => ({ status: 'applied' }));
      },
    });
    expect(await second.connector.drain(client.db)).toMatchObject({ drained: true });
    expect(row).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'd']);
  });
});
