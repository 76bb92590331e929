import { UploadError } from 'powersync-backend-connector';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, testConnector } from '../support/connector.ts';

// A transport of the app's own gave the time at which to come back as `retryAfterMs`, not the wait until then. Nothing was
// uploaded any more until the app was started again, not even by `drain()`.
let client: TestClient;
beforeEach(async () => {
  client = await openClient();
  await addTodos(client, 'a');
});
afterEach(() => closeClient(client));

it.each([Date.now(), Number.POSITIVE_INFINITY])(
  'a wait of %s ms ends after an hour',
  async (retryAfterMs) => {
    const clock = fakeClock();
    let isDown = true;
    const { connector } = testConnector({
      clock,
      transport: async ({ transactions }) => {
        if (isDown) throw new UploadError('throttled', 'Not now.', { retryAfterMs });
        return transactions.map(applied);
      },
    });
    await connector.drain(client.db);
    isDown = false;
    expect(connector.status.nextAttemptAt).toBe(clock() + 3_600_000);
    clock.advance(3_599_999);
    expect(await connector.drain(client.db)).toMatchObject({ error: { code: 'throttled' } });
    clock.advance(1);
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
  },
);
