import { record, type Transport, UploadError } from 'powersync-backend-connector';
import { hold, listRejected, releaseHeld } from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import {
  addTodos,
  applyAll,
  deferred,
  descriptions,
  queued,
  recordingTransport,
  testConnector,
} from '../support/connector.ts';

// The app was killed after a rejection was written down and before the queue had moved. The next start sent the key again,
// and the backend had been mended meanwhile: applied, listed as rejected, and applied twice by retryRejected().
describe('a write is never both applied and listed as rejected', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a', 'b');
  });
  afterEach(() => closeClient(client));

  const refuseA: Transport = async (batch) => {
    if (descriptions(batch).includes('a')) throw new UploadError('invalid', 'No.');
    return batch.transactions.map(() => ({ status: 'applied' }));
  };

  const listed = async () =>
    (await listRejected(client.db)).map(({ state, entries }) => [state, entries[0]?.opData?.description]);

  it('after a kill between recording and completing, it leaves without being sent again', async () => {
    const read = client.db.getCrudBatch.bind(client.db);
    client.db.getCrudBatch = async (limit) => {
      const handle = await read(limit);
      return handle && Object.assign(handle, { complete: () => Promise.reject(new Error('killed')) });
    };
    await expect(testConnector({ transport: refuseA }).connector.uploadData(client.db)).rejects.toThrow();
    client.db.getCrudBatch = read;
    expect(await queued(client)).toEqual(['a', 'b']);

    const { transport, batches } = recordingTransport(applyAll);
    const restarted = testConnector({ transport });
    expect(await restarted.connector.drain(client.db)).toMatchObject({ drained: true, rejected: 1 });
    expect(batches.flatMap(descriptions)).toEqual(['b']);
    expect(await listed()).toEqual([['rejected', 'a']]);
  });

  it('with a policy that is slower than the deadline, it is asked once, and nothing is sent before it answers', async () => {
    const answer = deferred();
    let asked = 0;
    const keep = record();
    const { transport, batches } = recordingTransport(refuseA);
    const { connector } = testConnector({
      transport,
      clock: fakeClock(),
      retry: { timeoutMs: 50 },
      rejections: async (rejected, context) => {
        asked++;
        await answer.promise;
        return keep(rejected, context);
      },
    });
    await connector.drain(client.db);
    const sent = batches.length;
    await connector.drain(client.db);
    await connector.drain(client.db);
    expect(batches.length).toBe(sent);
    answer.resolve();
    while ((await queued(client)).length > 0) await connector.drain(client.db);
    expect(asked).toBe(1);
    expect(batches.slice(sent).flatMap(descriptions)).toEqual(['b']);
    expect(await listed()).toEqual([['rejected', 'a']]);
  });

  it('held, and taken by the backend later: the row is gone, also from the table', async () => {
    let isBad = true;
    const { connector } = testConnector({
      rejections: hold(),
      transport: (batch, context) => (isBad ? refuseA : applyAll)(batch, context),
    });
    await connector.drain(client.db);
    expect(await listed()).toEqual([['held', 'a']]);
    isBad = false;
    await connector.drain(client.db);
    expect(await client.db.getAll('SELECT key FROM connector_rejected_writes')).toEqual([]);
  });

  it('held, released and refused again: it leaves, is listed, and is not sent a third time', async () => {
    const { transport, batches } = recordingTransport(refuseA);
    const { connector } = testConnector({ rejections: hold(), transport });
    await connector.drain(client.db);
    const [write] = await listRejected(client.db);
    await releaseHeld(client.db, write?.key ?? '');
    await connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await listed()).toEqual([['rejected', 'a']]);
    const before = batches.length;
    await connector.drain(client.db);
    expect(batches.length).toBe(before);
  });
});
