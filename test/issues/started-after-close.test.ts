import { batchEndpoint } from 'powersync-backend-connector/http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, deferred, recordingTransport, testConnector } from '../support/connector.ts';

// An app closed the connector at sign-out, and a request still went out: to the backend, since a listener had closed it just
// before, or a function of headers took its time; and every checkpoint request, since nobody had told those of `close()`.
describe('nothing is started once the connector is closed', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a');
  });
  afterEach(() => closeClient(client));

  it('not where a listener closes it as it hears of the attempt', async () => {
    const { transport, batches } = recordingTransport();
    const { connector } = testConnector({ transport });
    connector.subscribe(({ type }) => {
      if (type === 'attempt') connector.close();
    });
    expect(await connector.drain(client.db)).toMatchObject({
      error: { code: 'aborted' },
      remainingEntries: 1,
    });
    expect(batches).toEqual([]);
  });

  it('no request whose headers come late, where a fetch ignores its signal', async () => {
    const [asked, headers] = [deferred(), deferred<Record<string, string>>()];
    let requests = 0;
    const late = (): Promise<Record<string, string>> => {
      asked.resolve();
      return headers.promise;
    };
    const { connector } = testConnector({
      transport: batchEndpoint({
        url: 'https://api.test/writes',
        authorization: 'none',
        headers: late,
        fetch: async () => {
          requests++;
          return Response.json({});
        },
      }),
    });
    const drained = connector.drain(client.db);
    await asked.promise;
    connector.close();
    headers.resolve({});
    expect(await drained).toMatchObject({ error: { code: 'aborted' } });
    await new Promise((resolve) => setTimeout(resolve)); // what goes on behind it
    expect(requests).toBe(0);
  });

  it('no checkpoint request, and one under way is aborted', async () => {
    const started = deferred();
    let requests = 0;
    const { connector } = testConnector({
      postCheckpointRequest: (_, __, { signal }) => {
        requests++;
        started.resolve();
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
        });
      },
    });
    const posted = connector.postCheckpointRequest?.('client', '1');
    await started.promise;
    connector.close();
    await expect(posted).rejects.toMatchObject({ code: 'aborted' });
    await expect(connector.postCheckpointRequest?.('client', '2')).rejects.toMatchObject({ code: 'aborted' });
    expect(requests).toBe(1);
  });
});
