import { column, Schema, Table } from '@powersync/common';
import { column as column1, Schema as Schema1, Table as Table1 } from 'powersync-common-1';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryDatabase } from '../../src/testing/index.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { type QueueDatabase, wholeQueue } from '../support/queue-suite.ts';

const { text, integer, real } = column;

const schema = new Schema({
  typed: new Table({ t: text, i: integer, r: real }),
  whole: new Table({ a: text, b: text }, { trackPrevious: true }),
  some: new Table({ a: text, b: text }, { trackPrevious: { columns: ['a'] } }),
  changed: new Table({ a: text, b: text }, { trackPrevious: { onlyWhenChanged: true } }),
  both: new Table({ a: text, b: text }, { trackPrevious: { columns: ['a'], onlyWhenChanged: true } }),
  quiet: new Table({ a: text }, { ignoreEmptyUpdates: true, trackMetadata: true }),
  local: new Table({ a: text }, { localOnly: true }),
  inserted: new Table({ a: text }, { insertOnly: true }),
  stored: new Table({ a: text }, { viewName: 'viewed' }),
});

/** A row's life in a table with the columns a and b. */
const life = (table: string) => [
  `INSERT INTO ${table} (id, a, b) VALUES ('1', 'a', 'b')`,
  `UPDATE ${table} SET b = 'c'`,
  `UPDATE ${table} SET a = 'd'`,
  `UPDATE ${table} SET a = 'd'`,
  `UPDATE ${table} SET a = NULL, b = 'e' WHERE id = '1'`,
  `DELETE FROM ${table}`,
];

const scripts: [string, string[], string[]?][] = [
  ['trackPrevious', life('whole')],
  ['trackPrevious with columns', life('some')],
  ['trackPrevious with onlyWhenChanged', life('changed')],
  ['trackPrevious with both', life('both')],
  [
    'ignoreEmptyUpdates and trackMetadata',
    [
      "INSERT INTO quiet (id, a, _metadata) VALUES ('1', 'a', 'mm')",
      "UPDATE quiet SET a = 'a'",
      "UPDATE quiet SET a = 'a', _metadata = 'x'",
      "UPDATE quiet SET a = 'b', _metadata = 'x'",
      "UPDATE quiet SET a = 'c'",
    ],
    ['quiet'],
  ],
  ['localOnly', ["INSERT INTO local (id, a) VALUES ('1', 'a')", "UPDATE local SET a = 'b'"], ['local']],
  [
    'insertOnly',
    ["INSERT INTO inserted (id, a) VALUES ('1', 'a')", "UPDATE inserted SET a = 'b'", 'DELETE FROM inserted'],
    ['inserted'],
  ],
  [
    'viewName',
    [
      "INSERT INTO viewed (id, a) VALUES ('1', 'a')",
      "INSERT INTO stored (id, a) VALUES ('2', 'a')",
      "UPDATE viewed SET a = 'b'",
    ],
    ['viewed'],
  ],
  [
    'column types',
    [
      "INSERT INTO typed (id, t, i, r) VALUES ('1', 'x', '17', '2.5')",
      "INSERT INTO typed (id, t, i, r) VALUES ('2', 'y', 1.5, 3)",
      "UPDATE typed SET i = '17', r = '2.5' WHERE id = '1'",
      "UPDATE typed SET t = '1.5', i = 1.5, r = 'zz'",
      "UPDATE typed SET i = '0x1', r = ' 7 '",
      "UPDATE typed SET i = '1e3', r = '.5'",
      "UPDATE typed SET i = '12abc', r = -2",
      "UPDATE typed SET i = '', r = NULL",
    ],
    ['typed'],
  ],
];

describe('memoryDatabase() with a schema has the same result as the SDK', () => {
  let client: TestClient;
  beforeAll(async () => {
    client = await openClient({ schema });
  });
  beforeEach(() => client.db.disconnectAndClear());
  afterAll(() => closeClient(client));

  it.each(scripts)('%s', async (_, statements, tables = []) => {
    const sdk = client.db as unknown as QueueDatabase;
    const memory = memoryDatabase({ schema });
    for (const sql of statements) {
      const [expected, found] = await Promise.all(
        [sdk, memory].map((db) =>
          db.execute(sql).then(
            () => 'done',
            ({ message }: Error) => message,
          ),
        ),
      );
      expect(found, sql).toBe(expected);
    }
    const state = async (db: QueueDatabase) => ({
      queue: (await wholeQueue(db)).map((entry) => ({ ...entry, clientId: 0, transactionId: 0 })),
      rows: await Promise.all(tables.map((table) => db.getAll(`SELECT * FROM ${table} ORDER BY id`))),
    });
    expect(await state(memory)).toEqual(await state(sdk));
  });

  it.each(['typed', 'quiet', 'viewed', 'stored', 'nope'])('pragma_table_info of %s', async (name) => {
    const sql = 'SELECT name FROM pragma_table_info(?)';
    expect(await memoryDatabase({ schema }).getAll(sql, [name])).toEqual(await client.db.getAll(sql, [name]));
  });
});

it('accepts a schema of SDK 1.x', async () => {
  const lists = new Table1({ name: column1.text }, { trackPrevious: true });
  const db = memoryDatabase({ schema: new Schema1({ lists }) });
  await db.put('lists', 'a', { name: 'x' });
  await db.patch('lists', 'a', { name: 'y' });
  expect((await db.getCrudBatch())?.crud[1]).toMatchObject({
    opData: { name: 'y' },
    previousValues: { name: 'x' },
  });
  await expect(db.put('lists', 'b', { nope: 1 })).rejects.toThrow('no column named nope');
});
