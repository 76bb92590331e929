import type { Transport } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, deferred, descriptions, testConnector } from '../support/connector.ts';

describe('P4: uploads of one database never overlap', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a', 'b', 'c', 'd');
  });
  afterEach(() => closeClient(client));

  /** Applies everything, slowly enough for others to barge in, and remembers what was sent and how many at once. */
  function watchful() {
    const sent: string[] = [];
    let running = 0;
    let most = 0;
    const transport: Transport = async (batch) => {
      most = Math.max(most, ++running);
      sent.push(...descriptions(batch));
      await client.db.get('SELECT 1');
      await new Promise((resolve) => setTimeout(resolve, 10));
      running--;
      return batch.transactions.map(applied);
    };
    return { transport, sent, most: () => most };
  }

  it('runs calls on one connector one after another, and sends nothing twice', async () => {
    const { transport, sent, most } = watchful();
    const { connector } = testConnector({ transport, batching: { maxTransactions: 1 } });
    await Promise.all([1, 2, 3, 4].map(() => connector.uploadData(client.db)));
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
    expect(most()).toBe(1);
  });

  it('also across two connectors and a drain', async () => {
    const { transport, sent, most } = watchful();
    const options = { transport, batching: { maxTransactions: 1 } };
    const [one, two] = [testConnector(options), testConnector(options)];
    await Promise.all([
      one.connector.drain(client.db),
      two.connector.uploadData(client.db),
      two.connector.drain(client.db),
    ]);
    expect(sent).toEqual(['a', 'b', 'c', 'd']);
    expect(most()).toBe(1);
  });

  it('lets two databases upload at the same time', async () => {
    const other = await openClient();
    await addTodos(other, 'x');
    const met = deferred();
    let running = 0;
    const transport: Transport = async ({ transactions }) => {
      if (++running === 2) met.resolve();
      await met.promise; // Neither is answered before both are under way.
      return transactions.map(applied);
    };
    const { connector } = testConnector({ transport });
    await Promise.all([connector.uploadData(client.db), connector.uploadData(other.db)]);
    expect(running).toBe(2);
    await closeClient(other);
  });

  it('a call that waits for its turn ends at its own deadline', async () => {
    const stuck = testConnector({ transport: () => new Promise(() => {}), retry: { timeoutMs: 400 } });
    const { connector } = testConnector({ retry: { timeoutMs: 30 } });
    const first = stuck.connector.uploadData(client.db).catch((error) => error.code);
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    expect(await first).toBe('timeout');
  });
});
