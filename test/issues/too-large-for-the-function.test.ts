import { type Transport, UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { fakeClock } from 'powersync-backend-connector/testing';
import { expect, it, onTestFinished } from 'vitest';
import { closeClient, openClient } from '../support/client.ts';
import { addTodos, queued, testConnector } from '../support/connector.ts';

// A function ran out of its time with 50 writes, and the gateway answered 504, 503, 502, 524 or 546: each is "unavailable", and
// the 50 were sent again at the same size for ever.
it.each<UploadErrorCode>(['unavailable', 'network', 'timeout', 'unknown', 'misconfigured', 'unclassified'])(
  'a batch that fails again and again gets smaller, whatever the code: %s',
  async (code) => {
    const client = await openClient();
    onTestFinished(() => closeClient(client));
    await addTodos(client, ...Array.from({ length: 50 }, (_, index) => `${index}`));
    const clock = fakeClock();
    const transport: Transport = async ({ transactions }) => {
      if (transactions.length > 6) throw new UploadError(code, 'Too much.');
      return transactions.map(() => ({ status: 'applied' }));
    };
    const { connector } = testConnector({ transport, clock });
    const startedAt = clock();
    while ((await queued(client)).length > 0 && clock() < startedAt + 600_000)
      await connector.uploadData(client.db).catch(() => clock.advance(5_000));
    expect(await queued(client)).toEqual([]);
    expect(connector.status.counters).toMatchObject({ applied: 50, rejected: 0 });
  },
);
