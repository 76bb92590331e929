import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, deferred, queued, testConnector } from '../support/connector.ts';

// The app imported data in one long write transaction. An upload was answered meanwhile, and waited for the database to take it
// out of the queue: far beyond `retry.timeoutMs`, and `disconnect()` with it.
let client: TestClient;
beforeEach(async () => {
  client = await openClient();
  await addTodos(client, 'a');
});
afterEach(() => closeClient(client));

it('an upload ends at its deadline, though the database is busy', async () => {
  const [locked, imported] = [deferred(), deferred()];
  const transaction = client.db.writeTransaction(async () => {
    locked.resolve();
    await imported.promise;
  });
  await locked.promise;
  const { connector } = testConnector({ retry: { timeoutMs: 100 } });
  let isOver = false;
  const upload = connector.uploadData(client.db).then(
    () => (isOver = true),
    () => (isOver = true),
  );
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const wasOver = isOver;
  imported.resolve();
  await Promise.all([transaction, upload]);
  await connector.drain(client.db);
  expect(await queued(client)).toEqual([]);
  expect(wasOver).toBe(true);
});
