// Takes the code of the page on moving as it stands there, puts the addresses of the tests into it, and uploads with it.
import { createClient } from '@supabase/supabase-js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from 'vitest';
import { startBackend } from '../../examples/backend/server.ts';
import type { BackendConnector, ConnectorDatabase } from '../../src/index.ts';
import { listRejected } from '../../src/rejections/index.ts';
import { memoryDatabase } from '../../src/testing/index.ts';
import { ANON_KEY, worldOfTests } from '../supabase/support.ts';
import { type AuthStandIn, startAuthStandIn } from '../support/auth-stand-in.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { startDjango } from '../support/published-backends/django.ts';
import { startNodejs } from '../support/published-backends/nodejs.ts';
import { type Around, evaluate } from './evaluate.ts';
import { fences, page, section } from './pages.ts';

interface Moved {
  connector: BackendConnector;
}

/** Evaluates the example of a section that replaces the copied file: the first that is compiled. */
async function replacementIn<T extends Moved>(heading: string, options: Around): Promise<T> {
  const [code = ''] = fences(section(page('guide/moving.md'), heading), 'ts');
  const exports = await evaluate<T>(code, options);
  onTestFinished(() => exports.connector.close());
  return exports;
}

const codesOf = async (db: ConnectorDatabase) => (await listRejected(db)).map(({ code }) => code);

it('the self-host demo', async () => {
  const backend = await startNodejs();
  const stored = new Map<string, string>();
  const localStorage = {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
  };
  const { connector } = await replacementIn('The self-host demo', {
    replace: { 'http://localhost:6060': backend.url },
    localStorage,
  });
  expect(await connector.fetchCredentials()).toEqual({
    endpoint: 'http://localhost:8080',
    token: expect.any(String),
  });
  const [asked] = backend.requests;
  expect(asked?.query.get('user_id')).toBe(stored.get('ps_user_id'));

  const db = memoryDatabase();
  await db.put('lists', 'a', { name: 'Home', owner_id: 'u' });
  await db.put('lists', 'b', { owner_id: 'u' }); // the name may not be null
  await db.put('lists', 'c', { name: 'Work', owner_id: 'u' });
  expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 2, rejected: 1 });
  expect(backend.store.rows('lists').map(({ name }) => name)).toEqual(['Home', 'Work']);
  expect(await codesOf(db)).toEqual(['invalid']);
});

it('the reference connector', async () => {
  const backend = await startBackend();
  onTestFinished(() => backend.close());
  const auth = {
    async getToken() {
      const response = await fetch(`${backend.url}/api/auth/token?user_id=ada`);
      return ((await response.json()) as { token: string }).token;
    },
  };
  const { connector } = await replacementIn('The reference connector', {
    replace: { 'http://localhost:6060': backend.url },
    auth,
  });
  const db = memoryDatabase();
  await db.put('lists', 'a', { name: 'Home' });
  await db.put('lists', 'b', { name: '' }); // the name may not be empty
  await db.put('lists', 'c', { name: 'Work' });
  expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 2, rejected: 1 });
  expect(await backend.query('select name, owner_id from lists order by id')).toEqual([
    { name: 'Home', owner_id: 'ada' },
    { name: 'Work', owner_id: 'ada' },
  ]);
  expect(await codesOf(db)).toEqual(['invalid']);
});

it('the Django demo', async () => {
  const backend = await startDjango();
  const { connector, schema } = await replacementIn<Moved & { schema: never }>('The Django demo', {
    replace: { 'http://localhost:8000': backend.url },
  });
  expect(await connector.fetchCredentials()).toMatchObject({ token: expect.any(String) });
  const db = memoryDatabase({ schema });
  await db.put('lists', 'a', { name: 'Home', owner_id: 'u', created_at: '2026-01-01' });
  await db.patch('lists', 'a', { name: 'House' });
  await db.put('todos', 't', { list_id: 'a', description: 'Milk', created_by: 'u' });
  await db.remove('todos', 't');
  expect(await connector.drain(db)).toMatchObject({ drained: true, applied: 4, rejected: 0 });
  expect(backend.store.rows('lists')).toMatchObject([
    { name: 'House', owner_id: 'u', created_at: '2026-01-01' },
  ]);
  expect(backend.store.rows('todos')).toEqual([]);
});

const world = worldOfTests();
let project: AuthStandIn;
let device: TestClient;
beforeAll(async () => {
  project = await startAuthStandIn();
});
afterAll(() => project.close());
beforeEach(async () => {
  device = await openClient();
});
afterEach(() => closeClient(device));

it('the Supabase demos', async () => {
  // A project has one address for auth and tables; the stand-ins have two.
  const toTables: typeof fetch = (url, init) =>
    fetch(
      String(url).includes('/rest/v1/') ? String(url).replace(project.url, world.current.standIn.url) : url,
      init,
    );
  const options = { auth: { persistSession: false, autoRefreshToken: false }, global: { fetch: toTables } };
  const connected: unknown[] = [];
  Object.assign(device.db, { connect: async (connector: unknown) => void connected.push(connector) });
  const { connector, start, signIn, signOut } = await replacementIn<
    Moved & {
      start(): Promise<void>;
      signIn(email: string, password: string): Promise<void>;
      signOut(unsent?: 'keep' | 'discard'): Promise<boolean>;
    }
  >('The Supabase demos', {
    modules: {
      '@supabase/supabase-js': {
        createClient: (url: string, key: string) => createClient(url, key, options),
      },
    },
    replace: { '10_000': '500' }, // milliseconds to wait for what can't be uploaded
    config: { supabaseUrl: project.url, supabaseKey: ANON_KEY, powersyncUrl: 'https://service.test' },
    db: device.db,
  });

  await start();
  expect(connected).toEqual([]); // nobody is signed in
  await signIn('ada@example.com', 'x');
  expect(connected).toEqual([connector]);

  const write = (id: string, name: string) =>
    device.db.execute('insert into lists (id, name) values (?, ?)', [id, name]);
  await write('a', 'Home');
  await write('b', ''); // the name may not be empty
  await write('c', 'Work');
  expect(await connector.drain(device.db)).toMatchObject({ drained: true, applied: 2, rejected: 1 });
  expect(await codesOf(device.db)).toEqual(['invalid']);

  await write('d', 'Garden');
  world.current.standIn.cut(true);
  expect(await signOut()).toBe(false); // not saved: nothing is cleared
  expect((await device.db.getUploadQueueStats()).count).toBe(1);
  world.current.standIn.cut(false);
  expect(await signOut()).toBe(true);
  expect(await world.current.rows('select name, owner_id from lists order by id')).toEqual([
    { name: 'Home', owner_id: 'ada' },
    { name: 'Work', owner_id: 'ada' },
    { name: 'Garden', owner_id: 'ada' },
  ]);
  expect(await connector.fetchCredentials()).toBeNull();
});
