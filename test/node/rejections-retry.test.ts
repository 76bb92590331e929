import { column, Schema, Table } from '@powersync/common';
import { type CrudEntryLike, type Transport, UploadError } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { listRejected, retryRejected } from 'powersync-backend-connector/rejections';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import { closeClient, connectClient, openClient, type TestClient, untilSettled } from '../support/client.ts';
import { testConnector } from '../support/connector.ts';
import { type ServiceStandIn, startServiceStandIn } from '../support/service-stand-in.ts';

const clients: TestClient[] = [];

async function open(schema?: Schema): Promise<TestClient> {
  const client = await openClient(schema && { schema });
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0).reverse()) await closeClient(client);
});

const rejectAll: Transport = async ({ transactions }) =>
  transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'No.') }));

/** Has everything rejected that is queued; returns the key of the last. PowerSync rolls nothing back: it is offline. */
async function rejectQueue({ db }: TestClient): Promise<string> {
  await testConnector({ transport: rejectAll }).connector.drain(db);
  return (await listRejected(db)).at(-1)?.key ?? '';
}

/** Queue entries without their numbers. */
async function queue({ db }: TestClient): Promise<Partial<CrudEntryLike>[]> {
  const { crud = [] } = (await db.getCrudBatch(1000)) ?? {};
  expect(new Set(crud.map(({ transactionId }) => transactionId)).size).toBeLessThanOrEqual(1);
  return crud.map(({ op, table, id, opData, metadata }) => ({
    op,
    table,
    id,
    ...(opData && { opData }),
    ...(metadata !== undefined && { metadata }),
  }));
}

/** A row that the server has, as far as the queue knows. */
async function saved({ db }: TestClient, id: string, text = 'saved', completed = 0): Promise<void> {
  await db.execute('INSERT INTO todos (id, description, completed) VALUES (?, ?, ?)', [id, text, completed]);
  await testConnector().connector.drain(db);
}

const todo = ({ db }: TestClient, id: string) =>
  db.getOptional<Record<string, unknown>>('SELECT description, completed, list_id FROM todos WHERE id = ?', [
    id,
  ]);

describe('retryRejected() before the rollback', () => {
  it('writes a PUT again, and removes it from the list', async () => {
    const client = await open();
    await client.db.execute(
      "INSERT INTO todos (id, description, completed, _metadata) VALUES ('a', 'it''s 🥛', 1, 'm')",
    );
    const first = await client.db.getCrudBatch();
    await retryRejected(client.db, await rejectQueue(client));
    expect(await queue(client)).toEqual([
      { op: 'PUT', table: 'todos', id: 'a', opData: { description: "it's 🥛", completed: 1 }, metadata: 'm' },
    ]);
    expect((await client.db.getCrudBatch())?.crud[0]?.clientId).toBeGreaterThan(
      first?.crud[0]?.clientId ?? 9,
    );
    expect(await listRejected(client.db)).toEqual([]);
  });

  it('writes a PUT with edits: changed, added and cleared columns', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO todos (id, description, completed) VALUES ('a', 'x', 1)");
    await retryRejected(client.db, await rejectQueue(client), {
      edit: (entry) => ({ ...entry, opData: { description: 'y', completed: null, list_id: 'l' } }),
    });
    expect(await queue(client)).toEqual([
      { op: 'PUT', table: 'todos', id: 'a', opData: { description: 'y', list_id: 'l' } },
    ]);
    expect(await todo(client, 'a')).toEqual({ description: 'y', completed: null, list_id: 'l' });
  });

  it('uploads a PATCH although the row already has its values', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute(
      "UPDATE todos SET description = 'new', completed = 1, _metadata = 'm' WHERE id = 'a'",
    );
    const key = await rejectQueue(client);
    expect(await todo(client, 'a')).toMatchObject({ description: 'new' });
    await retryRejected(client.db, key);
    expect(await queue(client)).toEqual([
      { op: 'PATCH', table: 'todos', id: 'a', opData: { description: 'new', completed: 1 }, metadata: 'm' },
    ]);
    const [entry] = (await client.db.getCrudBatch())?.crud ?? [];
    expect(entry?.previousValues).toMatchObject({ description: 'saved' });
  });

  it('uploads all columns of a PATCH with an edit of one column', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute(
      "UPDATE todos SET description = 'new', completed = 1, list_id = NULL WHERE id = 'a'",
    );
    await retryRejected(client.db, await rejectQueue(client), {
      edit: (entry) => ({ ...entry, opData: { ...entry.opData, description: 'newer', list_id: null } }),
    });
    const entries = await queue(client);
    expect(Object.assign({}, ...entries.map(({ opData }) => opData))).toEqual({
      description: 'newer',
      completed: 1,
      list_id: null,
    });
    expect(new Set(entries.map(({ op, id }) => `${op} ${id}`))).toEqual(new Set(['PATCH a']));
    expect(await todo(client, 'a')).toEqual({ description: 'newer', completed: 1, list_id: null });
  });

  it('uploads values with the type of their column, whatever type an edit has', async () => {
    const client = await open();
    await saved(client, 'a', '17');
    await client.db.execute("UPDATE todos SET description = 18, completed = '1' WHERE id = 'a'");
    await retryRejected(client.db, await rejectQueue(client), {
      edit: (entry) => ({ ...entry, opData: { description: '18', completed: true } }),
    });
    expect(await queue(client)).toMatchObject([{ opData: { description: '18', completed: 1 } }]);
  });

  it('uploads an empty PATCH as an empty PATCH', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute("UPDATE todos SET description = 'saved' WHERE id = 'a'");
    await retryRejected(client.db, await rejectQueue(client));
    expect(await queue(client)).toEqual([{ op: 'PATCH', table: 'todos', id: 'a', opData: {} }]);
  });

  it('uploads a DELETE although the row is already gone locally', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute("UPDATE todos SET _deleted = TRUE, _metadata = 'm' WHERE id = 'a'");
    await retryRejected(client.db, await rejectQueue(client));
    expect(await queue(client)).toEqual([{ op: 'DELETE', table: 'todos', id: 'a', metadata: 'm' }]);
    const [entry] = (await client.db.getCrudBatch())?.crud ?? [];
    expect(entry?.previousValues).toMatchObject({ description: 'saved' });
  });

  it('deletes a row that is there again, with the metadata', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute("UPDATE todos SET _deleted = TRUE, _metadata = 'm' WHERE id = 'a'");
    const key = await rejectQueue(client);
    await saved(client, 'a');
    await retryRejected(client.db, key);
    expect(await queue(client)).toEqual([{ op: 'DELETE', table: 'todos', id: 'a', metadata: 'm' }]);
    expect(await todo(client, 'a')).toBeNull();
  });

  it('writes several entries as one transaction, in order', async () => {
    const client = await open();
    await saved(client, 'a');
    await saved(client, 'b');
    await client.db.writeTransaction(async (tx) => {
      await tx.execute("INSERT INTO lists (id, name) VALUES ('l', 'list')");
      await tx.execute("UPDATE todos SET list_id = 'l' WHERE id = 'a'");
      await tx.execute("UPDATE lists SET name = 'renamed' WHERE id = 'l'");
      await tx.execute("UPDATE todos SET completed = 1 WHERE id = 'b'");
      await tx.execute("DELETE FROM todos WHERE id = 'b'");
    });
    const before = await queue(client);
    await retryRejected(client.db, await rejectQueue(client));
    expect(await queue(client)).toEqual(before);
    expect(await todo(client, 'b')).toBeNull();
  });

  it('drops the entries for which edit() returns null, and waits for its promise', async () => {
    const client = await open();
    await client.db.writeTransaction(async (tx) => {
      for (const id of ['a', 'b']) await tx.execute('INSERT INTO lists (id, name) VALUES (?, ?)', [id, id]);
    });
    await retryRejected(client.db, await rejectQueue(client), {
      edit: async (entry) => {
        await client.db.getAll('SELECT 1');
        return entry.id === 'a' ? null : entry;
      },
    });
    expect(await queue(client)).toMatchObject([{ id: 'b' }]);
  });

  it('changes that edit() makes to its argument do not change the list', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO lists (id, name) VALUES ('a', 'x')");
    const key = await rejectQueue(client);
    const edit = (entry: CrudEntryLike) => {
      if (entry.opData) entry.opData.name = 'y';
      throw new Error('changed my mind');
    };
    await expect(retryRejected(client.db, key, { edit })).rejects.toThrow('changed my mind');
    expect((await listRejected(client.db))[0]?.entries[0]?.opData).toEqual({ name: 'x' });
  });

  it('writes to views, tables and columns with names that need quoting', async () => {
    const schema = new Schema({
      'to "dos': new Table(
        { 'a "b"': column.text, 'select; --': column.integer, "it's": column.real },
        { viewName: 'my "to dos"', trackMetadata: true },
      ),
      log: new Table({ text: column.text }, { insertOnly: true }),
    });
    const client = await open(schema);
    const view = '"my ""to dos"""';
    await client.db.writeTransaction(async (tx) => {
      await tx.execute(
        `INSERT INTO ${view} (id, "a ""b""", "select; --", "it's") VALUES ('x''"', 'one', 1, 1.5)`,
      );
      await tx.execute(`UPDATE ${view} SET "select; --" = 2, _metadata = 'm'`);
      await tx.execute("INSERT INTO log (id, text) VALUES ('l', 'entry')");
    });
    const before = await queue(client);
    await retryRejected(client.db, await rejectQueue(client));
    expect(await queue(client)).toEqual(before);
    const again = await rejectQueue(client);
    await client.db.execute(`UPDATE ${view} SET _deleted = TRUE, _metadata = 'd'`);
    await retryRejected(client.db, await rejectQueue(client));
    expect(await queue(client)).toMatchObject([{ op: 'DELETE', id: `x'"`, metadata: 'd' }]);
    expect((await listRejected(client.db)).map(({ key }) => key)).toEqual([again]);
  });

  it('can be rejected and retried once more', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute("UPDATE todos SET description = 'new' WHERE id = 'a'");
    const first = await rejectQueue(client);
    await retryRejected(client.db, first);
    const second = await rejectQueue(client);
    expect(second).not.toBe(first);
    await retryRejected(client.db, second);
    expect(await queue(client)).toMatchObject([{ op: 'PATCH', opData: { description: 'new' } }]);
  });

  it('happens once although two tabs call it', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO lists (id, name) VALUES ('a', 'x')");
    const key = await rejectQueue(client);
    const results = await Promise.allSettled([retryRejected(client.db, key), retryRejected(client.db, key)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await queue(client)).toHaveLength(1);
  });
});

describe('retryRejected() changes nothing', () => {
  /** A rejected transaction of two inserts, to be edited into something that can't be written. */
  async function twoLists(): Promise<{ client: TestClient; key: string }> {
    const client = await open();
    await client.db.writeTransaction(async (tx) => {
      for (const id of ['a', 'b']) await tx.execute('INSERT INTO lists (id, name) VALUES (?, ?)', [id, id]);
    });
    return { client, key: await rejectQueue(client) };
  }

  async function expectUnchanged(client: TestClient): Promise<void> {
    expect(await queue(client)).toEqual([]);
    expect(await listRejected(client.db)).toHaveLength(1);
    expect(await client.db.getAll('SELECT id, name FROM lists ORDER BY id')).toEqual([
      { id: 'a', name: 'a' },
      { id: 'b', name: 'b' },
    ]);
  }

  const changed = (members: object) => (entry: CrudEntryLike) =>
    entry.id === 'a' ? { ...entry, opData: { name: 'changed' } } : { ...entry, ...members };

  it.each<[string, (entry: CrudEntryLike) => unknown, RegExp]>([
    ['an unknown table', changed({ table: 'gone' }), /no table "gone".*Nothing was changed/],
    ['an odd table', changed({ table: 'lists" --' }), /no table/],
    [
      'an unknown column',
      changed({ opData: { nme: 'x' } }),
      /no column "nme" of table "lists".*leave it out/,
    ],
    ['the id as a column', changed({ opData: { id: 'c' } }), /no column "id"/],
    ['a hidden column', changed({ opData: { _deleted: 1 } }), /no column "_deleted"/],
    ['an inherited name', changed({ opData: { constructor: 'x' } }), /no column "constructor"/],
    ['an unknown operation', changed({ op: 'MERGE' }), /unknown operation "MERGE"/],
    ['an object as a value', changed({ opData: { name: {} } }), /value of column "name".*cannot be stored/],
    ['a bigint', changed({ opData: { name: 1n } }), /value of column "name"/],
    ['NaN', changed({ opData: { name: Number.NaN } }), /value of column "name"/],
    ['metadata if it is not tracked', changed({ metadata: 'm' }), /does not take metadata/],
    [
      'a PATCH of a missing row',
      changed({ op: 'PATCH', id: 'none' }),
      /PATCH of a row.*no longer has.*make it a PUT/,
    ],
    ['a DELETE of a missing row', changed({ op: 'DELETE', id: 'none' }), /DELETE of a row.*Discard it/],
    ['an id that is not text', changed({ id: null }), /its id is not text.*Nothing was changed/],
    ['nothing', () => null, /left no entry/],
  ])('for %s', async (_, edit, message) => {
    const { client, key } = await twoLists();
    await expect(retryRejected(client.db, key, { edit: edit as never })).rejects.toThrow(message);
    await expectUnchanged(client);
  });

  it.each([undefined, 'text', 5, false])('when edit() returns %j', async (answer) => {
    const { client, key } = await twoLists();
    await expect(retryRejected(client.db, key, { edit: () => answer as never })).rejects.toThrow(TypeError);
    await expectUnchanged(client);
  });

  it('for a key that is not listed', async () => {
    const { client, key } = await twoLists();
    for (const other of ['', `${key}0`, "' OR 1 = 1 --", undefined])
      await expect(retryRejected(client.db, other as never)).rejects.toThrow('No rejected write has the key');
    await expectUnchanged(client);
  });

  it('for entries that cannot be read', async () => {
    const { client, key } = await twoLists();
    await client.db.execute("UPDATE connector_rejected_writes SET entries = '['");
    await expect(retryRejected(client.db, key)).rejects.toThrow('cannot be read');
    await expectUnchanged(client);
  });

  it('for a PATCH of a row that was deleted since', async () => {
    const client = await open();
    await saved(client, 'a');
    await client.db.execute("UPDATE todos SET description = 'new' WHERE id = 'a'");
    const key = await rejectQueue(client);
    await client.db.execute("DELETE FROM todos WHERE id = 'a'");
    await expect(retryRejected(client.db, key)).rejects.toThrow('PATCH of a row');
    expect(await queue(client)).toMatchObject([{ op: 'DELETE' }]);
    expect(await listRejected(client.db)).toHaveLength(1);
  });

  it('for a table that is no longer in the app’s schema', async () => {
    const { client, key } = await twoLists();
    await client.db.updateSchema(new Schema({ others: new Table({ name: column.text }) }));
    await expect(retryRejected(client.db, key)).rejects.toThrow('no table "lists"');
    await retryRejected(client.db, key, { edit: (entry) => ({ ...entry, table: 'others' }) });
    expect(await queue(client)).toMatchObject([
      { table: 'others', id: 'a' },
      { table: 'others', id: 'b' },
    ]);
  });
});

describe('retryRejected() after the rollback', () => {
  const USER = 'ada';
  let database: Awaited<ReturnType<typeof openDatabase>>;
  let backend: Backend;
  let service: ServiceStandIn;
  let stops: (() => void)[] = [];

  beforeAll(async () => {
    database = await openDatabase();
    backend = await startBackend({ database });
    service = await startServiceStandIn({ source: backend, keepaliveMs: 500 });
  });
  afterAll(async () => {
    await service.close();
    await backend.close();
    await database.close();
  });
  afterEach(async () => {
    for (const stop of stops) stop();
    stops = [];
    await backend.query('DELETE FROM lists');
  });

  /** A client that is in sync, with one list and one to-do that the server has. */
  async function synced(): Promise<TestClient> {
    await backend.query("INSERT INTO lists (id, name, owner_id) VALUES ('l', 'list', $1)", [USER]);
    await backend.query(
      "INSERT INTO todos (id, list_id, description, owner_id) VALUES ('t', 'l', 'saved', $1)",
      [USER],
    );
    const client = await open();
    const { connector } = testConnector({
      endpoint: service.url,
      credentials: async () => ({ token: await backend.issueToken(USER) }),
      transport: writeApi({ url: `${backend.url}/api/data` }),
      retry: { baseMs: 50 },
    });
    stops.push(() => connector.close());
    await connectClient(client.db, connector);
    await untilSettled(client);
    await client.db.waitForFirstSync();
    return client;
  }

  const serverTodos = () =>
    backend.query('SELECT id, description, completed FROM todos ORDER BY id').then((rows) => [...rows]);
  const localTodos = ({ db }: TestClient) =>
    db.getAll('SELECT id, description, completed FROM todos ORDER BY id');
  const tooLong = 'x'.repeat(141);

  async function rejectedKey(client: TestClient): Promise<string> {
    await untilSettled(client);
    const writes = await listRejected(client.db);
    expect(writes).toHaveLength(1);
    return writes[0]?.key ?? '';
  }

  it('a PUT comes back with the edit, and is saved', async () => {
    const client = await synced();
    await client.db.execute(
      'INSERT INTO todos (id, list_id, description, completed, owner_id) VALUES (?, ?, ?, 1, ?)',
      ['u', 'l', tooLong, USER],
    );
    const key = await rejectedKey(client);
    expect(await localTodos(client)).toMatchObject([{ id: 't' }]);
    await retryRejected(client.db, key, {
      edit: (entry) => ({ ...entry, opData: { ...entry.opData, description: 'short' } }),
    });
    await untilSettled(client);
    expect(await serverTodos()).toMatchObject([{ id: 't' }, { id: 'u', description: 'short', completed: 1 }]);
    expect(await localTodos(client)).toEqual(await serverTodos());
    expect(await listRejected(client.db)).toEqual([]);
  });

  it('a PATCH', async () => {
    const client = await synced();
    await client.db.execute("UPDATE todos SET description = ?, completed = 1 WHERE id = 't'", [tooLong]);
    const key = await rejectedKey(client);
    expect(await localTodos(client)).toMatchObject([{ description: 'saved', completed: 0 }]);
    await retryRejected(client.db, key, {
      edit: (entry) => ({ ...entry, opData: { ...entry.opData, description: 'short' } }),
    });
    await untilSettled(client);
    expect(await serverTodos()).toEqual([{ id: 't', description: 'short', completed: 1 }]);
  });

  it('a PATCH and a DELETE of one transaction', async () => {
    const client = await synced();
    await client.db.writeTransaction(async (tx) => {
      await tx.execute("UPDATE todos SET description = ? WHERE id = 't'", [tooLong]);
      await tx.execute("DELETE FROM todos WHERE id = 't'");
    });
    const key = await rejectedKey(client);
    expect(await localTodos(client)).toMatchObject([{ id: 't' }]);
    await retryRejected(client.db, key, {
      edit: (entry) => (entry.op === 'PATCH' ? { ...entry, opData: { description: 'short' } } : entry),
    });
    await untilSettled(client);
    expect(await serverTodos()).toEqual([]);
  });

  it('a PATCH or DELETE is an error if the server deleted the row', async () => {
    const client = await synced();
    await client.db.writeTransaction(async (tx) => {
      await tx.execute("UPDATE todos SET description = ? WHERE id = 't'", [tooLong]);
      await tx.execute("DELETE FROM todos WHERE id = 't'");
    });
    const key = await rejectedKey(client);
    await backend.query("DELETE FROM todos WHERE id = 't'");
    await client.db.execute("INSERT INTO lists (id, name, owner_id) VALUES ('m', 'more', ?)", [USER]);
    await untilSettled(client);
    expect(await localTodos(client)).toEqual([]);
    await expect(retryRejected(client.db, key)).rejects.toThrow('PATCH of a row');
    const onlyDelete = (entry: CrudEntryLike) => (entry.op === 'DELETE' ? entry : null);
    await expect(retryRejected(client.db, key, { edit: onlyDelete })).rejects.toThrow('DELETE of a row');
    expect(await queue(client)).toEqual([]);
    expect(await listRejected(client.db)).toHaveLength(1);
  });
});
