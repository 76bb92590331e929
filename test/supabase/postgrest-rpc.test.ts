import { postgrest } from 'powersync-backend-connector/supabase';
import { describe, expect, it } from 'vitest';
import {
  CLIENTS,
  client,
  context,
  each,
  entry,
  failureOf,
  summary,
  together,
  tokenOf,
  transaction,
  UUIDS,
  worldOfTests,
} from './support.ts';

// PostgREST is a stand-in over real Postgres; the function is the one that the package ships.

const world = worldOfTests();
const ada = context({ token: async () => tokenOf('ada') });
const transport = (rpc = 'powersync_upload') => postgrest({ client: client(world.current.standIn.url), rpc });
const requests = () => world.current.standIn.requests;
const list = (id: string, name = 'Home') => entry('PUT', 'lists', id, { name });

it.each(Object.entries(CLIENTS))('%s: one call for each transaction, in order', async (_, createClient) => {
  const batch = {
    transactions: [
      transaction(list('l1'), entry('PUT', 'todos', 't1', { list_id: 'l1', description: 'Milk' })),
      transaction(entry('PATCH', 'todos', 't1', { completed: 1 })),
    ],
  };
  const send = postgrest({ client: createClient(world.current.standIn.url), rpc: 'powersync_upload' });
  expect(summary(await send(batch, ada))).toEqual(['applied', 'applied']);
  expect(requests().map(({ method, path }) => `${method} ${path}`)).toEqual(
    Array(2).fill('POST rpc/powersync_upload'),
  );
  expect(requests()[0]?.headers.authorization).toBe(`Bearer ${tokenOf('ada')}`);
  expect(requests()[0]?.body).toEqual({
    idempotency_key: batch.transactions[0]?.key,
    crud: [
      { id: 'l1', op: 'PUT', table: 'lists', op_data: { name: 'Home' } },
      { id: 't1', op: 'PUT', table: 'todos', op_data: { list_id: 'l1', description: 'Milk' } },
    ],
  });
  expect(await world.current.rows('select completed, owner_id from todos')).toEqual([
    { completed: 1, owner_id: 'ada' },
  ]);
});

it('a transaction is applied as a whole or not at all, and tells the entry at fault', async () => {
  const [outcome] = await transport()(together(list('l1'), list('l2', ''), list('l3')), ada);
  expect(outcome).toMatchObject({
    status: 'rejected',
    error: { code: 'invalid', message: '[invalid] The backend refused the write (23514).' },
    entryIndex: 1,
    inBand: true,
  });
  expect(outcome).not.toHaveProperty('appliedEntries');
  expect(await world.current.rows('select * from lists')).toEqual([]);
});

it('a replay after a lost answer changes nothing, however late it comes', async () => {
  const batch = together(list('l1'));
  world.current.standIn.failNext('drop');
  expect(summary(await transport()(batch, ada))).toEqual(['retry network']);
  await world.current.rows(`update lists set name = 'by a laptop'`);
  expect(summary(await transport()(batch, ada))).toEqual(['applied']);
  expect(await world.current.rows('select name from lists')).toEqual([{ name: 'by a laptop' }]);
});

it('stops at the first transaction that is not applied', async () => {
  const outcomes = await transport()(each(list('l1'), list('l2', ''), list('l3')), ada);
  expect(summary(outcomes)).toEqual(['applied', 'rejected invalid', 'not_attempted']);
  expect(requests()).toHaveLength(2);
});

describe('refusals', () => {
  it.each([
    ['an update of a row that is gone', entry('PATCH', 'lists', 'gone', { name: 'x' }), 'rejected conflict'],
    [
      "another user's name",
      entry('PUT', 'lists', 'l1', { name: 'x', owner_id: 'bob' }),
      'rejected forbidden',
    ],
    ['an unknown table', entry('PUT', 'nothing', 'x', {}), 'retry schema_mismatch'],
    ['an unknown column', entry('PUT', 'lists', 'x', { nothing: 1 }), 'retry schema_mismatch'],
    ['a generated column', entry('PUT', 'things', UUIDS[0] ?? '', { doubled: 2 }), 'retry schema_mismatch'],
    ['a deadlock', entry('PUT', 'faults', 'f1', { body: '40P01' }), 'retry unavailable'],
    ['an internal error', entry('PUT', 'faults', 'f1', { body: 'XX000' }), 'retry unavailable'],
  ])('%s', async (_, write, expected) => {
    expect(summary(await transport()(together(list('l0'), write), ada))).toEqual([expected]);
    expect(await world.current.rows('select * from lists')).toEqual([]);
  });

  it('an update that a policy forbids is not taken for a row that is gone', async () => {
    await world.current.rows(`insert into notices (id, body) values ('n1', 'old')`);
    const outcomes = await transport()(together(entry('PATCH', 'notices', 'n1', { body: 'new' })), ada);
    expect(outcomes).toMatchObject([{ status: 'rejected', error: { code: 'forbidden' }, inBand: false }]);
  });

  it('a delete of a row that is gone is applied', async () => {
    expect(summary(await transport()(together(entry('DELETE', 'lists', 'gone')), ada))).toEqual(['applied']);
  });
});

describe('nothing is believed but the word of the function', () => {
  it.each<[string, Parameters<typeof world.current.standIn.failNext>[0], string]>([
    ['a page', 'html', 'misconfigured'],
    ['an empty 404, which the clients take for success', { status: 404 }, 'misconfigured'],
    ['a 404 with a list', { status: 404, body: '[]' }, 'misconfigured'],
    ['no body', { status: 204 }, 'misconfigured'],
    ['null', { status: 200, body: 'null' }, 'misconfigured'],
    ['another status', { status: 200, body: '{"status":"queued"}' }, 'misconfigured'],
    ['text', { status: 200, body: '"applied"' }, 'misconfigured'],
    ['a database that is down', 'unavailable', 'unavailable'],
  ])('%s', async (_, fault, code) => {
    world.current.standIn.failNext(fault);
    expect(summary(await transport()(together(list('l1')), ada))).toEqual([`retry ${code}`]);
  });

  it('a function that is missing holds the queue', async () => {
    expect(summary(await transport('nothing')(together(list('l1')), ada))).toEqual(['retry schema_mismatch']);
  });

  it('a function that returns nothing is not one for uploads', async () => {
    await world.current.database.exec(
      `create function silent(idempotency_key text, crud jsonb) returns void language sql as 'select'`,
    );
    expect(summary(await transport('silent')(together(list('l1')), ada))).toEqual(['retry misconfigured']);
  });

  it.each(['../lists', 'powersync_upload?x=1', 'a/b'])('the name %j leads nowhere else', async (name) => {
    expect(summary(await transport(name)(together(list('l1')), ada))).toEqual(['retry schema_mismatch']);
    expect(requests().map(({ path }) => path)).toEqual([`rpc/${name}`]);
  });
});

it('nobody signed in: nothing is sent', async () => {
  const outcome = transport()(together(list('l1')), context({ token: async () => undefined }));
  expect(await failureOf(outcome)).toMatchObject({ code: 'unauthenticated' });
  expect(requests()).toEqual([]);
});

it('a refused token is thrown; the replay of what was applied before it does no harm', async () => {
  world.current.refused.add(tokenOf('ada', { jti: 2 }));
  let asked = 0;
  const stale = context({ token: async () => tokenOf('ada', { jti: ++asked }) });
  const batch = each(list('l1'), list('l2'));
  expect(await failureOf(transport()(batch, stale))).toMatchObject({ code: 'unauthenticated' });
  expect(summary(await transport()(batch, stale))).toEqual(['applied', 'applied']);
});
