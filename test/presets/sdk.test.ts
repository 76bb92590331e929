import { column, Schema, Table } from '@powersync/common';
import { BackendConnector, type BackendConnectorOptions, UploadError } from 'powersync-backend-connector';
import { django, nodejs } from 'powersync-backend-connector/presets';
import { listRejected } from 'powersync-backend-connector/rejections';
import { expect, it, onTestFinished } from 'vitest';
import { readJwtClaims } from '../../src/auth/jwt.ts';
import { closeClient, connectClient, openClient, untilSettled } from '../support/client.ts';
import { fakeClock } from '../support/connector.ts';
import { startDjango } from '../support/published-backends/django.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import type { StandIn } from '../support/published-backends/stand-in.ts';
import type { Row, Source } from '../support/service-stand-in/source.ts';
import { startServiceStandIn } from '../support/service-stand-in.ts';

const schema = new Schema({
  lists: new Table(
    { name: column.text, owner_id: column.text, created_at: column.text },
    { trackPrevious: true },
  ),
  todos: new Table({
    list_id: column.text,
    description: column.text,
    completed: column.integer,
    created_by: column.text,
  }),
});

async function newClient() {
  const client = await openClient({ schema });
  onTestFinished(() => closeClient(client));
  return client;
}

function connect(options: Omit<BackendConnectorOptions, 'endpoint'>, endpoint = 'https://service.test') {
  return new BackendConnector({ random: () => 0, endpoint, ...options });
}

/** What a service would sync that reads the backend's database, and trusts its tokens. */
function sourceOf({ store, tokens, onWrite }: StandIn): Source {
  return {
    onCommit: onWrite,
    snapshot: async () => ({ lists: store.rows('lists') as Row[], todos: store.rows('todos') as Row[] }),
    async verify(token) {
      if (!tokens.has(token)) throw new Error('Unknown token');
      return { sub: readJwtClaims(token).subject ?? '', exp: undefined };
    },
  };
}

async function codeOf(upload: Promise<unknown>): Promise<string> {
  return upload.then(
    () => 'applied',
    (error) => UploadError.from(error).code,
  );
}

it('nodejs(): writes go up and come back through sync, with the tokens of the backend', async () => {
  const standIn = await startNodejs();
  const service = await startServiceStandIn({ source: sourceOf(standIn) });
  onTestFinished(() => service.close());
  const client = await newClient();
  await connectClient(client.db, connect(nodejs({ url: standIn.url, userId: 'ann' }), service.url));
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

it('nodejs(): an outage keeps the queue, a bad row leaves it and is recorded, the good ones go through', async () => {
  const standIn = await startNodejs();
  const client = await newClient();
  const clock = fakeClock();
  const connector = connect({ ...nodejs({ url: standIn.url, userId: 'ann' }), clock });
  for (const [id, name] of [
    ['a', 'A'],
    ['b', null],
    ['c', 'C'],
  ])
    await client.db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, name, 'ann']);

  standIn.store.down = true;
  expect(await codeOf(connector.drain(client.db))).toBe('applied'); // a report, not an error
  expect((await client.db.getUploadQueueStats()).count).toBe(3);

  standIn.store.down = false;
  clock.advance(3_600_000);
  standIn.loseReply();
  await connector.drain(client.db);
  clock.advance(3_600_000);
  const report = await connector.drain(client.db);
  expect(report).toMatchObject({ drained: true, rejected: 1, remaining: 0 });
  expect(standIn.store.rows('lists').map(({ id }) => id)).toEqual(['a', 'c']);
  expect(await listRejected(client.db)).toMatchObject([{ code: 'invalid', status: 400 }]);
});

it('nodejs(): what cannot be told is rejected after ten tries over ten minutes, and not before', async () => {
  const standIn = await startNodejs();
  standIn.answerInstead({ status: 400, body: { message: 'Request failed: something odd' } });
  const client = await newClient();
  const clock = fakeClock();
  const connector = connect({ ...nodejs({ url: standIn.url, userId: 'ann' }), clock });
  await client.db.execute("INSERT INTO lists (id, name) VALUES ('a', 'A')");
  for (let tries = 1; tries < 10; tries++) {
    expect(await codeOf(connector.uploadData(client.db))).toBe('unclassified');
    clock.advance(300_000);
  }
  expect(await listRejected(client.db)).toEqual([]);
  expect(await codeOf(connector.uploadData(client.db))).toBe('applied');
  expect(await listRejected(client.db)).toMatchObject([{ code: 'unclassified' }]);
});

it('django(): a PATCH of a list keeps its other columns, by the previous values of the SDK', async () => {
  const standIn = await startDjango();
  const client = await newClient();
  const connector = connect(django({ url: standIn.url }));
  await client.db.execute("INSERT INTO lists (id, name, owner_id) VALUES ('a', 'A', 'ann')");
  await client.db.execute("UPDATE lists SET name = 'B' WHERE id = 'a'");
  expect(await connector.drain(client.db)).toMatchObject({ drained: true, rejected: 0 });
  expect(standIn.store.rows('lists')).toEqual([{ id: 'a', name: 'B', owner_id: 'ann', created_at: null }]);
});

it('django(): goes on where an answer was lost: nothing before it is repeated, and what is gone is no error', async () => {
  const standIn = await startDjango();
  const client = await newClient();
  const clock = fakeClock();
  const connector = connect({ ...django({ url: standIn.url }), clock });
  await client.db.writeTransaction(async (tx) => {
    await tx.execute("INSERT INTO todos (id, description) VALUES ('t', 'Milk')");
    await tx.execute("DELETE FROM todos WHERE id = 't'");
    await tx.execute("INSERT INTO todos (id, description) VALUES ('u', 'Bread')");
  });
  standIn.loseReply(1);
  expect(await codeOf(connector.uploadData(client.db))).toBe('network');
  clock.advance(3_600_000);
  expect(await connector.drain(client.db)).toMatchObject({ drained: true, rejected: 0 });
  expect(standIn.requests.map(({ method, json }) => `${method} ${json.data.id}`)).toEqual([
    'PUT t',
    'DELETE t', // applied, but nobody knows
    'DELETE t', // 404
    'PUT u',
  ]);
  expect(standIn.store.rows('todos')).toMatchObject([{ id: 'u' }]);
});
