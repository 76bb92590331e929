import type { BatchingStrategy } from 'powersync-backend-connector';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import {
  addTodos,
  applyAll,
  descriptions,
  queued,
  recordingTransport,
  testConnector,
} from '../support/connector.ts';

// A batching strategy looked for the largest transaction by sorting what it was given. The batch went out in that order; as it
// was no prefix of the queue it couldn't be completed, and was sent again and again without a pause.
let client: TestClient;
beforeEach(async () => {
  client = await openClient();
});
afterEach(() => closeClient(client));

const sorts: [string, (transactions: unknown[]) => unknown][] = [
  ['sorts the transactions', (transactions) => transactions.reverse()],
  ['sorts their entries', (transactions) => (transactions[0] as unknown[]).reverse()],
];
it.each(sorts)('the order of the queue is kept where a strategy %s', async (_, sort) => {
  await client.db.writeTransaction(async (transaction) => {
    for (const each of ['a', 'b'])
      await transaction.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', [each]);
  });
  await addTodos(client, 'c', 'd');
  const batching: BatchingStrategy = (transactions) => {
    sort(transactions as unknown[]);
    return transactions.length;
  };
  let requests = 0;
  const { transport, batches } = recordingTransport((batch, context) => {
    if (++requests > 3) throw new Error('It is sent again and again.');
    return applyAll(batch, context);
  });
  const { connector } = testConnector({ transport, batching });
  expect(await connector.drain(client.db)).toMatchObject({ drained: true });
  expect(batches.flatMap(descriptions)).toEqual(['a', 'b', 'c', 'd']);
  expect(await queued(client)).toEqual([]);
});
