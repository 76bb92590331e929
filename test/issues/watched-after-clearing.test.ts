import { UploadError } from 'powersync-backend-connector';
import { watchRejected } from 'powersync-backend-connector/rejections';
import { expect, it, onTestFinished } from 'vitest';
import { closeClient, openClient } from '../support/client.ts';
import { addTodos, testConnector } from '../support/connector.ts';

// SQLite tells of no change when a table is emptied by a DELETE without WHERE.
it('a list of rejected writes that is watched is empty once the database is cleared', async () => {
  const client = await openClient();
  onTestFinished(() => closeClient(client));
  const { db } = client;
  const { connector } = testConnector({
    transport: async ({ transactions }) =>
      transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no') })),
  });
  const seen: number[] = [];
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  watchRejected(db, (writes) => seen.push(writes.length), { signal: stop.signal });
  await addTodos(client, 'refused');
  await connector.drain(db);
  await expect.poll(() => seen.at(-1)).toBe(1);

  await connector.drainAndClear(db, { unsent: 'discard' });
  await expect.poll(() => seen.at(-1)).toBe(0);
});
