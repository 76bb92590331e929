import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Transport } from 'powersync-backend-connector';
import { postgrest, supabaseCredentials } from 'powersync-backend-connector/supabase';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recorded } from '../http/queue.ts';
import { type AuthStandIn, startAuthStandIn } from '../support/auth-stand-in.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { testConnector } from '../support/connector.ts';
import { ANON_KEY, worldOfTests } from './support.ts';

// The whole way: the SDK's queue, the connector, supabase-js, and real Postgres behind the stand-in of PostgREST.

const world = worldOfTests();
let auth: AuthStandIn;
let device: TestClient;

beforeAll(async () => {
  auth = await startAuthStandIn();
});
afterAll(() => auth.close());
beforeEach(async () => {
  device = await openClient();
});
afterEach(() => closeClient(device));

/** One client for the two stand-ins: a project has one url for auth and PostgREST. */
function openSupabase(): SupabaseClient {
  return createClient(auth.url, ANON_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (url, init) =>
        fetch(
          String(url).includes('/rest/v1/') ? String(url).replace(auth.url, world.current.standIn.url) : url,
          init,
        ),
    },
  });
}

function connect(client: SupabaseClient, transport: Transport) {
  const clock = fakeClock();
  const { connector } = testConnector({ credentials: supabaseCredentials({ client }), transport, clock });
  return { connector, clock };
}

const queued = async () => (await device.db.getUploadQueueStats()).count;
const statuses = () => world.current.standIn.requests.map(({ status }) => status);

describe.each<[string, (client: SupabaseClient) => Transport]>([
  ['table by table', (client) => postgrest({ client })],
  ['by the function', (client) => postgrest({ client, rpc: 'powersync_upload' })],
])('%s', (_, transportFor) => {
  it('what is written on the device is in Postgres afterwards, as its user', async () => {
    const client = openSupabase();
    await client.auth.signInWithPassword({ email: 'ada@example.com', password: 'x' });
    const { connector } = connect(client, transportFor(client));
    await device.db.writeTransaction(async (transaction) => {
      await transaction.execute(`insert into lists (id, name) values ('l1', 'Home'), ('l2', 'Work')`);
      await transaction.execute(
        `insert into todos (id, list_id, description) values ('t1', 'l1', 'Milk'), ('t2', 'l1', 'Bread')`,
      );
    });
    await device.db.execute(`update todos set completed = 1, description = 'Oat milk' where id = 't1'`);
    await device.db.execute(`delete from todos where id = 't2'`);
    expect(await connector.drain(device.db)).toMatchObject({ drained: true, applied: 3, rejected: 0 });
    expect(await world.current.rows('select id, owner_id from lists order by id')).toEqual([
      { id: 'l1', owner_id: 'ada' },
      { id: 'l2', owner_id: 'ada' },
    ]);
    expect(await world.current.rows('select id, description, completed from todos')).toEqual([
      { id: 't1', description: 'Oat milk', completed: 1 },
    ]);
  });

  it('a token that the server refuses is refreshed, once, and the same call goes through', async () => {
    const client = openSupabase();
    const { data } = await client.auth.signInWithPassword({ email: 'ada@example.com', password: 'x' });
    world.current.refused.add(data.session?.access_token ?? '');
    auth.grants.length = 0;
    const { connector } = connect(client, transportFor(client));
    await device.db.execute(`insert into lists (id, name) values ('l1', 'Home')`);
    await connector.uploadData(device.db);
    expect(statuses().map((status) => (status < 300 ? 'applied' : status))).toEqual([401, 'applied']);
    expect(auth.grants).toEqual(['refresh_token']);
    expect(await queued()).toBe(0);
  });

  it('nobody signed in: writes wait', async () => {
    const client = openSupabase();
    const { connector } = connect(client, transportFor(client));
    await device.db.execute(`insert into lists (id, name) values ('l1', 'Home')`);
    await expect(connector.uploadData(device.db)).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(connector.status.phase).toBe('needs-auth');
    expect(statuses()).toEqual([]);
    expect(await queued()).toBe(1);
  });

  it('one bad write among good ones is recorded, and the others are applied', async () => {
    const client = openSupabase();
    await client.auth.signInWithPassword({ email: 'ada@example.com', password: 'x' });
    const { connector } = connect(client, transportFor(client));
    for (const [id, name] of [
      ['l1', 'Home'],
      ['l2', ''],
      ['l3', 'Work'],
    ])
      await device.db.execute('insert into lists (id, name) values (?, ?)', [id, name]);
    expect(await connector.drain(device.db)).toMatchObject({ drained: true, applied: 2, rejected: 1 });
    expect(await recorded(device)).toMatchObject([{ code: 'invalid' }]);
    expect(await world.current.rows('select id from lists order by id')).toEqual([
      { id: 'l1' },
      { id: 'l3' },
    ]);
  });

  it('a policy that is deployed broken does not empty the queue into rejected', async () => {
    const client = openSupabase();
    await client.auth.signInWithPassword({ email: 'ada@example.com', password: 'x' });
    const { connector, clock } = connect(client, transportFor(client));
    const { database } = world.current;
    for (let index = 0; index < 10; index++)
      await device.db.execute(`insert into lists (id, name) values ('l${index}', 'Home')`);
    await connector.drain(device.db);
    for (let index = 0; index < 10; index++)
      await device.db.execute(`update lists set name = 'House' where id = 'l${index}'`);
    await database.exec(`
      create policy readable on lists for select to authenticated using (true);
      alter policy own_lists on lists using (false);
    `);
    try {
      for (let tries = 0; tries < 5; tries++) {
        await connector.drain(device.db);
        clock.advance(600_000);
      }
    } finally {
      await database.exec(`
        drop policy readable on lists;
        alter policy own_lists on lists using (owner_id = (select auth.uid()));
      `);
    }
    expect(await recorded(device)).toHaveLength(3);
    expect(await queued()).toBe(7);
    await connector.drain(device.db);
    expect(await queued()).toBe(0);
  });
});
