import { column, Schema, Table } from '@powersync/common';
import { type Outcome, type Transform, type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected, retryRejected } from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import {
  addColumns,
  boolean,
  castToSchema,
  coalesce,
  columns,
  dropColumns,
  dropEmptyPatches,
  eachEntry,
  encryptColumns,
  fillNulls,
  isoDate,
  isoDateFromMs,
  json,
  onlyTables,
  perTable,
  renameColumns,
  renameTables,
  toCamelCase,
} from 'powersync-backend-connector/transforms';
import { afterEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, descriptions, recordingTransport, testConnector } from '../support/connector.ts';

const schema = new Schema({
  todo_items: new Table(
    {
      list_id: column.text,
      title: column.text,
      is_done: column.integer,
      tags: column.text,
      position: column.integer,
      due_at: column.integer,
      created_at: column.text,
      local_draft: column.text,
    },
    { trackPrevious: true, trackMetadata: true },
  ),
  todos: new Table({ description: column.text, list_id: column.text }),
  lists: new Table({ name: column.text }),
});

const clients: TestClient[] = [];

async function open(): Promise<TestClient> {
  const client = await openClient({ schema });
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await closeClient(client);
});

/** Runs SQL in one local transaction. */
async function write({ db }: TestClient, ...statements: string[]): Promise<void> {
  await db.writeTransaction(async (tx) => {
    for (const sql of statements) await tx.execute(sql);
  });
}

/** Uploads everything through transforms; what was sent, by transaction. */
async function upload(client: TestClient, transform: Transform | readonly Transform[], answer?: Transport) {
  const { transport, batches, keys } = recordingTransport(answer);
  const { connector } = testConnector({ transport, transform });
  const report = await connector.drain(client.db);
  const transactions = batches.flatMap((batch) => batch.transactions);
  const entries = transactions.map((each) =>
    each.entries.map(({ op, table, id, opData, previousValues, metadata }) => ({
      op,
      table,
      id,
      opData,
      previousValues,
      metadata,
    })),
  );
  return { report, entries, keys: keys(), connector };
}

const queuedEntries = async ({ db }: TestClient) => (await db.getUploadQueueStats()).count;

it('converts values of SQLite for an API: names, nulls, booleans, JSON, dates and numbers', async () => {
  const client = await open();
  await write(
    client,
    `INSERT INTO todo_items (id, title, is_done, tags, position, due_at, created_at, local_draft)
     VALUES ('a', 'Milk', 0, '["shop"]', '17', 1769846400000, '2026-01-31 08:00:00', 'x')`,
    "UPDATE todo_items SET is_done = 1, tags = NULL, _metadata = 'by hand' WHERE id = 'a'",
    "UPDATE todo_items SET local_draft = 'y' WHERE id = 'a'",
    "UPDATE todo_items SET title = title WHERE id = 'a'",
    "DELETE FROM todo_items WHERE id = 'a'",
  );
  const { entries, report } = await upload(client, [
    castToSchema(schema),
    fillNulls(schema),
    dropColumns('local_*'),
    dropEmptyPatches(),
    perTable({
      todo_items: [
        columns({ is_done: boolean, tags: json, due_at: isoDateFromMs, created_at: isoDate }),
        addColumns({ tenant_id: 't1' }),
      ],
    }),
    renameTables(toCamelCase),
    renameColumns(toCamelCase),
  ]);
  const row = {
    listId: null,
    title: 'Milk',
    isDone: false,
    tags: ['shop'],
    position: 17,
    dueAt: '2026-01-31T08:00:00.000Z',
    createdAt: '2026-01-31T08:00:00Z',
  };
  const common = { table: 'todoItems', id: 'a' };
  expect(entries).toEqual([
    [
      { ...common, op: 'PUT', opData: { ...row, tenantId: 't1' } },
      {
        ...common,
        op: 'PATCH',
        opData: { isDone: true, tags: null, tenantId: 't1' },
        previousValues: expect.objectContaining({ isDone: false, tags: ['shop'], title: 'Milk' }),
        metadata: 'by hand',
      },
      {
        ...common,
        op: 'DELETE',
        previousValues: expect.objectContaining({ isDone: true, tags: null, position: 17 }),
      },
    ],
  ]);
  expect(report).toMatchObject({ drained: true, applied: 1, rejected: 0 });
});

it('changes neither the keys nor what the rejection policy gets', async () => {
  const client = await open();
  await addTodos(client, 'one', 'two');
  const answer: Transport = async ({ transactions }) =>
    transactions.map(({ entries }) =>
      entries[0]?.opData?.text === 'two'
        ? { status: 'rejected', error: new UploadError('conflict', 'Taken.'), entryIndex: 0 }
        : applied(),
    );
  const transform = renameColumns({ description: 'text' });
  const { keys, entries } = await upload(client, transform, answer);
  expect(entries.map(([entry]) => entry?.opData)).toEqual([{ text: 'one' }, { text: 'two' }]);
  const [rejected] = await listRejected(client.db);
  expect(rejected).toMatchObject({
    key: keys[1],
    entryIndex: 0,
    entries: [{ opData: { description: 'two' } }],
  });
  // What was rejected is written again as the app wrote it, and goes through the transforms once more.
  await retryRejected(client.db, rejected?.key ?? '');
  expect((await upload(client, transform)).entries.flat()).toMatchObject([{ opData: { text: 'two' } }]);
});

describe('a transform that fails', () => {
  it('rejects only its transaction, with an error that names the place and quotes no value', async () => {
    const client = await open();
    await addTodos(client, '[1]', '{SECRET', '[3]');
    const { report, entries } = await upload(client, columns({ description: json }));
    expect(report).toMatchObject({ drained: true, applied: 2, rejected: 1 });
    expect(entries.flat().map(({ opData }) => opData)).toEqual([{ description: [1] }, { description: [3] }]);
    expect(await listRejected(client.db)).toMatchObject([
      {
        code: 'invalid',
        message: '[invalid] PUT of "todos": the column "description" could not be converted (see cause).',
        entries: [{ opData: { description: '{SECRET' } }],
      },
    ]);
  });

  it('sends nothing untransformed, even if others were refused just before', async () => {
    const client = await open();
    await addTodos(client, 'bad 1', 'bad 2', 'good');
    const secret = eachEntry((entry) => {
      if (entry.opData?.description.startsWith('bad')) throw new Error('A bug.');
      return { ...entry, opData: { description: 'sealed' } };
    });
    const { transport, batches } = recordingTransport();
    const clock = fakeClock();
    const { connector } = testConnector({ transport, transform: secret, clock });
    for (let call = 0; call < 10 && (await queuedEntries(client)) > 0; call++) {
      await connector.uploadData(client.db).catch(() => {});
      clock.advance(10_000);
    }
    expect(batches.map(descriptions)).toEqual([['sealed']]);
    expect(connector.status.counters).toMatchObject({ applied: 1, rejected: 2 });
  });

  it('does not empty the queue when it always fails', async () => {
    const client = await open();
    await addTodos(client, 'one', 'two', 'three', 'four', 'five');
    const broken: Transform = () => {
      throw new Error('A bug.');
    };
    const { report } = await upload(client, broken);
    expect(report).toMatchObject({
      drained: false,
      applied: 0,
      rejected: 3,
      error: { code: 'misconfigured' },
    });
    expect(await queuedEntries(client)).toBe(2);
  });

  it('keeps everything and sends nothing, if it is a function of one entry by mistake', async () => {
    const client = await open();
    await addTodos(client, 'one', 'two', 'three', 'four', 'five');
    const leaveOut = (entry: { table: string }) => (entry.table === 'todos' ? null : entry);
    const { report, entries } = await upload(client, leaveOut as never);
    expect(report).toMatchObject({
      drained: false,
      applied: 0,
      rejected: 0,
      error: { code: 'misconfigured', message: expect.stringContaining('eachEntry()') },
    });
    expect(entries).toEqual([]);
    expect(await queuedEntries(client)).toBe(5);
  });
});

describe('a transform that looks something up in the database', () => {
  const withListName: Transform = eachEntry(async (entry, { database }) => {
    const listId = entry.opData?.list_id;
    if (!listId) return entry;
    const [list] = await database.getAll<{ name: string }>('SELECT name FROM lists WHERE id = ?', [listId]);
    if (!list) throw new UploadError('unavailable', 'The list is not here yet.');
    return { ...entry, opData: { ...entry.opData, list_name: list.name } };
  });

  it('sends what it found, while the app keeps writing', async () => {
    const client = await open();
    await write(
      client,
      "INSERT INTO lists (id, name) VALUES ('l', 'Shopping')",
      "INSERT INTO todos (id, list_id, description) VALUES ('t', 'l', 'Milk')",
    );
    let written: Promise<unknown> | undefined;
    const { entries, report, keys } = await upload(client, [
      async (given) => {
        written ??= write(client, "INSERT INTO todos (id, list_id, description) VALUES ('u', 'l', 'Eggs')");
        await written;
        return given;
      },
      withListName,
      perTable({ lists: () => [] }),
    ]);
    expect(report).toMatchObject({ drained: true, applied: 2, rejected: 0 });
    expect(entries.flat().map(({ id, opData }) => [id, opData])).toEqual([
      ['t', { list_id: 'l', description: 'Milk', list_name: 'Shopping' }],
      ['u', { list_id: 'l', description: 'Eggs', list_name: 'Shopping' }],
    ]);
    expect(new Set(keys).size).toBe(2);
  });

  it('keeps the write until the row is there, and its key is the same whatever it finds', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO todos (id, list_id, description) VALUES ('t', 'l', 'Milk')");
    const missing = await upload(client, withListName);
    expect(missing.report).toMatchObject({ drained: false, rejected: 0, error: { code: 'unavailable' } });
    expect(missing.entries).toEqual([]);

    await client.db.execute("INSERT INTO lists (id, name) VALUES ('l', 'Shopping')");
    const offline: Transport = () => Promise.reject(new UploadError('network', 'No answer.'));
    const lost = await upload(client, withListName, offline);
    await client.db.execute("UPDATE lists SET name = 'Garden' WHERE id = 'l'");
    const found = await upload(client, withListName);
    expect(found.report).toMatchObject({ drained: true, rejected: 0 });
    expect([lost, found].map(({ entries }) => entries[0]?.[0]?.opData?.list_name)).toEqual([
      'Shopping',
      'Garden',
    ]);
    expect(found.keys[0]).toBe(lost.keys[0]);
  });
});

describe('encryption without a key', () => {
  it('keeps and does not send the write and all behind it, and goes on when the key is there', async () => {
    const client = await open();
    await addTodos(client, 'SECRET', 'other');
    let key: string | undefined;
    const transform = encryptColumns(
      ['description'],
      async (value) => key && `${key}:${String(value).length}`,
    );
    const { transport, batches } = recordingTransport();
    const { connector, events } = testConnector({ transport, transform });
    const locked = await connector.drain(client.db);
    expect(locked).toMatchObject({ drained: false, applied: 0, rejected: 0, error: { code: 'unavailable' } });
    expect(batches).toEqual([]);
    expect(await queuedEntries(client)).toBe(2);
    expect(JSON.stringify([locked, events, connector.status])).not.toContain('SECRET');
    key = 'k';
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, applied: 2, rejected: 0 });
    expect(JSON.stringify(batches)).toContain('k:6');
    expect(JSON.stringify(batches)).not.toContain('SECRET');
  });

  it('sends the writes in front of it that need no key', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO lists (id, name) VALUES ('l', 'Shopping')");
    await addTodos(client, 'SECRET');
    const { report, entries } = await upload(
      client,
      encryptColumns(['description'], () => undefined),
    );
    expect(report).toMatchObject({ drained: false, applied: 1, rejected: 0, error: { code: 'unavailable' } });
    expect(entries.flat()).toMatchObject([{ table: 'lists' }]);
  });
});

describe('coalesce()', () => {
  it('merges within one transaction, never across', async () => {
    const client = await open();
    await write(
      client,
      "INSERT INTO lists (id, name) VALUES ('l', 'a')",
      "INSERT INTO todos (id, list_id, description) VALUES ('t', 'l', 'x')",
      "UPDATE lists SET name = 'b' WHERE id = 'l'",
      "INSERT INTO todos (id, list_id) VALUES ('gone', 'l')",
      "DELETE FROM todos WHERE id = 'gone'",
    );
    await write(client, "UPDATE lists SET name = 'c' WHERE id = 'l'");
    const { entries, report } = await upload(client, coalesce());
    expect(entries.map((each) => each.map(({ op, id, opData }) => [op, id, opData]))).toEqual([
      [
        ['PUT', 'l', { name: 'b' }],
        ['PUT', 't', { list_id: 'l', description: 'x' }],
        ['DELETE', 'gone', undefined],
      ],
      [['PATCH', 'l', { name: 'c' }]],
    ]);
    expect(report).toMatchObject({ drained: true, applied: 2 });
  });

  it('lets a rejection name the faulty entry among those that the app wrote', async () => {
    const client = await open();
    await write(
      client,
      "INSERT INTO lists (id, name) VALUES ('l', 'a')",
      "UPDATE lists SET name = 'b' WHERE id = 'l'",
      "INSERT INTO todos (id, list_id) VALUES ('t', 'l')",
    );
    const second: Outcome = {
      status: 'rejected',
      error: new UploadError('invalid', 'No.'),
      entryIndex: 1,
      appliedEntries: [0],
    };
    await upload(client, coalesce(), async () => [second]);
    expect(await listRejected(client.db)).toMatchObject([{ entryIndex: 2, appliedEntries: [0] }]);
  });
});

describe('onlyTables()', () => {
  it('holds the queue at an unknown table, without losing what is behind', async () => {
    const client = await open();
    await addTodos(client, 'one');
    await client.db.execute("INSERT INTO lists (id, name) VALUES ('l', 'x')");
    await addTodos(client, 'two');
    const { report, connector } = await upload(client, onlyTables(['todos'], { others: 'hold' }));
    expect(report).toMatchObject({
      drained: false,
      applied: 1,
      rejected: 0,
      error: { code: 'schema_mismatch' },
    });
    expect(connector.status.lastError?.message).toContain('"lists"');
    expect(await queuedEntries(client)).toBe(2);
  });

  it('completes a transaction without entries to send', async () => {
    const client = await open();
    await client.db.execute("INSERT INTO lists (id, name) VALUES ('l', 'x')");
    await addTodos(client, 'one');
    const { report, entries } = await upload(client, onlyTables(['todos'], { others: 'ignore' }));
    expect(report).toMatchObject({ drained: true, applied: 1, rejected: 0, remainingEntries: 0 });
    expect(entries.flat()).toMatchObject([{ table: 'todos' }]);
  });
});

it('gets entries that were queued before the schema changed, so that it can update them', async () => {
  const client = await open();
  await client.db.execute("INSERT INTO todos (id, description) VALUES ('old', 'x')");
  const table = new Table({ title: column.text });
  await client.db.updateSchema(new Schema({ tasks: table }));
  await client.db.execute("INSERT INTO tasks (id, title) VALUES ('new', 'y')");
  const { entries } = await upload(client, [
    perTable({ todos: renameColumns({ description: 'title' }) }),
    renameTables({ todos: 'tasks' }),
  ]);
  expect(entries.flat().map(({ table, id, opData }) => [table, id, opData])).toEqual([
    ['tasks', 'old', { title: 'x' }],
    ['tasks', 'new', { title: 'y' }],
  ]);
});
