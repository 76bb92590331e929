import type { Transport } from 'powersync-backend-connector';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, descriptions, queued, testConnector } from '../support/connector.ts';

// A transport of the app's own sorted the entries it was given, so that parents came first, or took the transactions from the
// list one by one. What was applied couldn't be completed then, and was sent again with every upload, for ever.
let client: TestClient;
beforeEach(async () => {
  client = await openClient();
});
afterEach(() => closeClient(client));

const changes: [string, (transactions: unknown[]) => void][] = [
  [
    'sorts entries in place',
    (transactions) => {
      for (const each of transactions as { entries: unknown[] }[]) each.entries.reverse();
    },
  ],
  [
    'takes the transactions off the list',
    (transactions) => {
      while (transactions.length > 0) transactions.shift();
    },
  ],
];
it.each(changes)('what is applied leaves the queue where a transport %s', async (_, change) => {
  await client.db.writeTransaction(async (transaction) => {
    for (const each of ['a', 'b'])
      await transaction.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', [each]);
  });
  await addTodos(client, 'c');
  const sent: string[] = [];
  const transport: Transport = async (batch) => {
    if (sent.length > 9) throw new Error('It is sent again and again.');
    sent.push(...descriptions(batch));
    const outcomes = batch.transactions.map(applied);
    change(batch.transactions as unknown[]);
    return outcomes;
  };
  const { connector } = testConnector({ transport });
  expect(await connector.drain(client.db)).toMatchObject({ drained: true });
  expect(sent).toEqual(['a', 'b', 'c']);
  expect(await queued(client)).toEqual([]);
});
