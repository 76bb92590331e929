import { BackendConnector } from 'powersync-backend-connector';
import { nodejs } from 'powersync-backend-connector/presets';
import { expect, it, onTestFinished } from 'vitest';
import { readJwtClaims } from '../../src/auth/jwt.ts';
import { closeClient, connectClient, openClient, untilSettled } from '../support/client.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import type { StandIn } from '../support/published-backends/stand-in.ts';
import type { Row, Source } from '../support/service-stand-in/source.ts';
import { startServiceStandIn } from '../support/service-stand-in.ts';

/** What a service would sync that reads the backend's database, and trusts its tokens. */
function sourceOf({ store, tokens, onWrite }: StandIn): Source {
  return {
    onCommit: onWrite,
    snapshot: async () => ({ lists: store.rows('lists') as Row[], todos: store.rows('todos') as Row[] }),
    async verify(token) {
      if (!tokens.has(token)) throw new Error('Unknown token');
      return { sub: readJwtClaims(token).subject ?? '' };
    },
  };
}

it('nodejs(): writes go up and come back through sync, with the tokens of the backend', async () => {
  const standIn = await startNodejs();
  const service = await startServiceStandIn({ source: sourceOf(standIn) });
  onTestFinished(() => service.close());
  const client = await openClient();
  onTestFinished(() => closeClient(client));
  const connector = new BackendConnector({
    endpoint: service.url,
    ...nodejs({ url: standIn.url, userId: 'ann' }),
  });
  await connectClient(client.db, connector);
  await client.db.writeTransaction(async (tx) => {
    await tx.execute("INSERT INTO lists (id, name) VALUES ('a', 'Groceries')");
    await tx.execute("INSERT INTO todos (id, list_id, description) VALUES ('t', 'a', 'Milk')");
  });
  await client.db.execute("UPDATE todos SET completed = 1 WHERE id = 't'");
  await untilSettled(client);
  expect(standIn.store.rows('todos')).toEqual([{ id: 't', list_id: 'a', description: 'Milk', completed: 1 }]);
  standIn.store.update('lists', 'a', { name: 'Shopping' });
  await client.db.execute("DELETE FROM todos WHERE id = 't'");
  await untilSettled(client);
  expect(await client.db.getAll('SELECT name FROM lists')).toEqual([{ name: 'Shopping' }]);
  expect(await client.db.getAll('SELECT id FROM todos')).toEqual([]);
});
