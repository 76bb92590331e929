import { UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import { expect, it, onTestFinished } from 'vitest';
import { closeClient, openClient } from '../support/client.ts';
import { addTodos, queued, testConnector } from '../support/connector.ts';

// What `credentials` threw was judged like a refusal of the write: a login server that answered 403 had writes rejected.
it.each<UploadErrorCode>([
  'forbidden',
  'invalid',
  'conflict',
  'unclassified',
  'schema_mismatch',
  'unauthenticated',
])('an UploadError "%s" thrown by credentials() rejects no write', async (code) => {
  const client = await openClient();
  onTestFinished(() => closeClient(client));
  await addTodos(client, 'a', 'b');
  const { connector } = testConnector({
    credentials: async () => {
      throw new UploadError(code, 'no');
    },
    transport: async ({ transactions }, { token }) => {
      await token();
      return transactions.map(() => ({ status: 'applied' }));
    },
  });
  expect(await connector.drain(client.db)).toMatchObject({ drained: false, applied: 0, rejected: 0 });
  expect(await queued(client)).toEqual(['a', 'b']);
  expect(connector.status.phase).toBe(code === 'unauthenticated' ? 'needs-auth' : 'waiting');
});
