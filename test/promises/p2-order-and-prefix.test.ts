import { type Transport, UploadError } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import {
  addTodos,
  applied,
  deferred,
  descriptions,
  queued,
  recordingTransport,
  testConnector,
} from '../support/connector.ts';

describe('P2: order is kept, transactions stay whole, and only a checked prefix is completed', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  it('completes the prefix before a failure and keeps the rest in order', async () => {
    await addTodos(client, 'a', 'b', 'c', 'd');
    const { connector } = testConnector({
      transport: async () => [
        applied(),
        applied(),
        { status: 'retry', error: new UploadError('unavailable', 'busy') },
        applied(), // out of order: it can't be completed before the one in front of it
      ],
    });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await queued(client)).toEqual(['c', 'd']);
  });

  it('never splits a transaction, however small the batches', async () => {
    await addTodos(client, 'first');
    await client.db.writeTransaction(async (tx) => {
      for (let i = 0; i < 250; i++)
        await tx.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', [`t${i}`]);
    });
    await addTodos(client, 'last');
    const { transport, batches } = recordingTransport();
    const { connector } = testConnector({ transport, batching: { maxTransactions: 2, maxEntries: 10 } });
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 3 });
    expect(batches.map((batch) => batch.transactions.map(({ entries }) => entries.length))).toEqual([
      [1],
      [250],
      [1],
    ]);
  });

  it('sends whole transactions in queue order with a strategy of the app', async () => {
    await addTodos(client, 'a', 'b', 'c', 'd', 'e');
    const { transport, batches } = recordingTransport();
    const { connector } = testConnector({ transport, batching: (queue) => (queue.length > 3 ? 3 : 1) });
    await connector.drain(client.db);
    expect(batches.map(descriptions)).toEqual([['a', 'b', 'c'], ['d'], ['e']]);
  });

  it.each([0, -1, Number.NaN, undefined, '2'])(
    'refuses %s from a batching strategy, and keeps everything',
    async (size) => {
      await addTodos(client, 'a');
      const { connector } = testConnector({ batching: (() => size) as () => number });
      await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'misconfigured' });
      expect(await queued(client)).toEqual(['a']);
    },
  );

  it('sends one transaction at a time with maxTransactions: 1', async () => {
    await addTodos(client, 'a', 'b');
    const { transport, batches } = recordingTransport();
    await testConnector({ transport, batching: { maxTransactions: 1 } }).connector.drain(client.db);
    expect(batches.map(descriptions)).toEqual([['a'], ['b']]);
  });

  describe('when the queue changes while a request is in flight', () => {
    /** Uploads once; `meanwhile` runs after the batch was sent and before it is answered. */
    async function uploadWhile(meanwhile: () => Promise<unknown>) {
      const sent = deferred();
      const answer = deferred();
      const transport: Transport = async ({ transactions }) => {
        sent.resolve();
        await answer.promise;
        return transactions.map(applied);
      };
      const { connector } = testConnector({ transport });
      const upload = connector.uploadData(client.db);
      await sent.promise;
      await meanwhile();
      answer.resolve();
      return upload;
    }

    it('keeps writes that came after it was sent', async () => {
      await addTodos(client, 'a', 'b');
      await uploadWhile(() => addTodos(client, 'new'));
      expect(await queued(client)).toEqual(['new']);
    });

    it('removes nothing when the queue was cleared and refilled', async () => {
      await addTodos(client, 'a', 'b', 'c');
      await uploadWhile(async () => {
        await client.db.disconnectAndClear();
        await addTodos(client, 'w', 'x', 'y', 'z');
      });
      expect(await queued(client)).toEqual(['w', 'x', 'y', 'z']);
    });

    it('removes what was applied and is left, when another tab completed a part of the batch', async () => {
      await addTodos(client, 'a', 'b', 'c');
      await uploadWhile(async () => {
        await (await client.db.getCrudBatch(2))?.complete();
        await addTodos(client, 'd', 'e');
      });
      expect(await queued(client)).toEqual(['d', 'e']);
    });

    it('makes no stale completion when everything is gone already', async () => {
      await addTodos(client, 'a', 'b');
      const getCrudBatch = client.db.getCrudBatch.bind(client.db);
      let completions = 0;
      client.db.getCrudBatch = async (limit) => {
        const batch = await getCrudBatch(limit);
        if (!batch) return null;
        const complete = (): Promise<void> => {
          completions++;
          return batch.complete();
        };
        return Object.assign(Object.create(batch), { complete });
      };
      await uploadWhile(async () => {
        await (await getCrudBatch(10))?.complete();
      });
      expect(completions).toBe(0);

      await addTodos(client, 'c');
      await uploadWhile(async () => {});
      expect(completions).toBe(1); // The count itself works.
    });
  });
});
