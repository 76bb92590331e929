import { BackendConnector } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { testConnector } from '../support/connector.ts';

const USER = 'ada';

describe('odd input, against the example backend', () => {
  let backend: Backend;
  let client: TestClient;
  beforeAll(async () => {
    backend = await startBackend();
  });
  afterAll(() => backend.close());
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(async () => {
    await closeClient(client);
    await backend.query('DELETE FROM lists');
  });

  const drain = () =>
    testConnector({
      credentials: async () => ({ token: await backend.issueToken(USER) }),
      transport: writeApi({ url: `${backend.url}/api/data` }),
    }).connector.drain(client.db);
  const addList = (id: string, name: string) =>
    client.db.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [id, name, USER]);
  const rejected = () =>
    client.db.getAll<{ code: string; entries: string }>(
      'SELECT code, entries FROM connector_rejected_writes',
    );
  const saved = async () =>
    (await backend.query<{ id: string }>('SELECT id FROM lists ORDER BY id')).map(({ id }) => id);

  /** Queues an entry that the SDK itself would not write, as another version or a raw table's trigger may. */
  const queueRaw = (entry: string) => client.db.execute('INSERT INTO ps_crud (data) VALUES (?)', [entry]);

  it('an unknown op is isolated and rejected; the writes around it are saved', async () => {
    await addList('a', 'one');
    await queueRaw('{"op":"UPSERT","type":"lists","id":"x","data":{"name":"?"}}');
    await addList('b', 'two');
    expect(await drain()).toMatchObject({ drained: true, applied: 2, rejected: 1 });
    expect(await rejected()).toMatchObject([{ code: 'invalid', entries: expect.stringContaining('UPSERT') }]);
    expect(await saved()).toEqual(['a', 'b']);
  });

  it('a row of 5 MB is sent alone, refused as too large, and recorded completely; the others are saved', async () => {
    await addList('a', 'one');
    await addList('big', 'x'.repeat(5_000_000));
    await addList('b', 'two');
    expect(await drain()).toMatchObject({ drained: true, applied: 2, rejected: 1 });
    const [row] = await rejected();
    expect(row?.code).toBe('too_large');
    expect(JSON.parse(row?.entries ?? '')[0].opData.name).toHaveLength(5_000_000);
    expect(await saved()).toEqual(['a', 'b']);
  });

  it('emoji, quotes, slashes and newlines in ids and data arrive unchanged', async () => {
    const ids = ['🛒', '"; drop table lists; --', '../a/b', 'line\nbreak', 'ünï'];
    for (const id of ids) await addList(id, `name of ${id}`);
    expect(await drain()).toMatchObject({ drained: true, applied: ids.length });
    expect(await backend.query('SELECT id, name FROM lists')).toEqual(
      expect.arrayContaining(ids.map((id) => ({ id, name: `name of ${id}` }))),
    );
  });

  it('a lone surrogate is refused by the database, and only its write is rejected', async () => {
    await addList('a', 'one');
    await queueRaw('{"op":"PUT","type":"lists","id":"s","data":{"name":"half \\ud83d","owner_id":"ada"}}');
    await addList('b', 'two');
    expect(await drain()).toMatchObject({ drained: true, applied: 2, rejected: 1 });
    expect(await saved()).toEqual(['a', 'b']);
  });

  it('__proto__ as a column pollutes nothing, and is a clear mismatch', async () => {
    await addList('a', 'one');
    await queueRaw(
      '{"op":"PUT","type":"lists","id":"p","data":{"__proto__":{"polluted":1},"name":"n","owner_id":"ada"}}',
    );
    expect(await drain()).toMatchObject({
      drained: false,
      applied: 1,
      remainingEntries: 1,
      error: { code: 'schema_mismatch' },
    });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('endpoint', () => {
  const credentials = async () => ({ token: 'token' });
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  afterEach(() => warn.mockClear());

  it('a trailing slash is removed: the SDK would fail with it', async () => {
    const { connector } = testConnector({ endpoint: 'https://service.test//' });
    expect(await connector.fetchCredentials()).toEqual({ endpoint: 'https://service.test', token: 'token' });
  });

  it.each(['https://api.test', 'https://api.test/api', 'https://api.test/api/data/'])(
    'warns if %s is also the backend',
    (endpoint) => {
      new BackendConnector({
        endpoint,
        credentials,
        transport: writeApi({ url: 'https://api.test/api/data' }),
      });
      expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('PowerSync Service'));
    },
  );

  it.each(['https://api.test:8080', 'https://api.test/sync', 'https://api.tes'])(
    'does not warn about %s',
    (endpoint) => {
      new BackendConnector({
        endpoint,
        credentials,
        transport: writeApi({ url: 'https://api.test/api/data' }),
      });
      expect(warn).not.toHaveBeenCalled();
    },
  );
});
