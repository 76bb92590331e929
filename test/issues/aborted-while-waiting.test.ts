import { UploadError } from 'powersync-backend-connector';
import { expect, it, onTestFinished } from 'vitest';
import { closeClient, openClient } from '../support/client.ts';
import { addTodos, testConnector } from '../support/connector.ts';

// Found in the web example: after drainAndClear() had run out of time, the status was "idle" with a gate shut for minutes.
it('an upload that is aborted leaves the status as it was before: waiting', async () => {
  const client = await openClient();
  onTestFinished(() => closeClient(client));
  const { db } = client;
  const { connector } = testConnector({
    transport: async () => {
      throw new UploadError('network', 'The network is down.');
    },
  });
  await addTodos(client, 'first');
  await connector.drain(db);
  expect(connector.status).toMatchObject({ phase: 'waiting', lastError: { code: 'network' } });

  const { nextAttemptAt } = connector.status;
  expect(nextAttemptAt).toBeTypeOf('number');
  const { error } = await connector.drain(db, { signal: AbortSignal.abort() });
  expect(error?.code).toBe('aborted');
  expect(connector.status).toMatchObject({ phase: 'waiting', lastError: { code: 'network' } });
  expect(connector.status.nextAttemptAt).toBe(nextAttemptAt);
});

it('and idle, where nothing had failed', async () => {
  const client = await openClient();
  onTestFinished(() => closeClient(client));
  const { connector } = testConnector();
  await addTodos(client, 'first');
  await connector.drain(client.db, { signal: AbortSignal.abort() });
  expect(connector.status).toMatchObject({ phase: 'idle', lastError: undefined });
});
