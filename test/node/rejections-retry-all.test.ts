import { type Transport, UploadError, type UploadErrorCode } from 'powersync-backend-connector';
import {
  hold,
  listRejected,
  type RejectedWrite,
  retryAllRejected,
  retryRejected,
} from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, queued, testConnector } from '../support/connector.ts';

let client: TestClient;
let clock: ReturnType<typeof fakeClock>;
const START = Date.UTC(2026, 10, 30, 8);
const minute = (minutes: number) => new Date(START + minutes * 60_000);

beforeEach(async () => {
  client = await openClient();
  clock = fakeClock(START);
});

afterEach(() => closeClient(client));

/** Uploads the queue to a deployment that refuses each to-do with the text. */
async function drain(code: UploadErrorCode, text = ''): Promise<void> {
  const transport: Transport = async ({ transactions }) =>
    transactions.map(({ entries }) =>
      entries.some(({ opData }) => String(opData?.description).includes(text))
        ? { status: 'rejected', error: new UploadError(code, 'No.') }
        : { status: 'applied' },
    );
  const { connector } = testConnector({ transport, clock });
  await connector.resetBreaker(client.db); // So many in a row would be doubted.
  await connector.drain(client.db);
}

/** Has to-dos rejected, each in a transaction of its own, a minute after what was rejected before. */
async function reject(code: UploadErrorCode, ...texts: string[]): Promise<void> {
  for (const text of texts) {
    await addTodos(client, text);
    await drain(code);
    clock.advance(60_000);
  }
}

const description = ({ entries }: RejectedWrite) => entries[0]?.opData?.description;
const listed = async () => (await listRejected(client.db)).map(description);

describe('retryAllRejected()', () => {
  it('writes again what a bad deployment refused: by code and time, oldest first', async () => {
    await reject('invalid', 'before', 'one');
    await reject('conflict', 'taken');
    await reject('unclassified', 'two');
    await reject('invalid', 'three', 'after');
    const all = await listRejected(client.db);
    const report = await retryAllRejected(client.db, {
      code: ['invalid', 'unclassified'],
      since: minute(1),
      until: minute(5),
    });
    expect(report).toEqual({
      written: ['one', 'two', 'three'].map((text) => all.find((write) => description(write) === text)?.key),
      failed: [],
    });
    expect(await queued(client)).toEqual(['one', 'two', 'three']);
    expect(await listed()).toEqual(['before', 'taken', 'after']);
  });

  it.each<[object, string[]]>([
    [{}, ['one', 'two', 'three']],
    [{ code: 'conflict' }, ['two']],
    [{ code: [] }, []],
    [{ code: undefined, since: undefined, until: undefined }, ['one', 'two', 'three']],
    [{ since: minute(1) }, ['two', 'three']],
    [{ until: minute(1) }, ['one']],
    [{ since: minute(9) }, []],
  ])('chooses by %j', async (options, expected) => {
    await reject('invalid', 'one');
    await reject('conflict', 'two');
    await reject('invalid', 'three');
    expect((await retryAllRejected(client.db, options)).written).toHaveLength(expected.length);
    expect(await queued(client)).toEqual(expected);
  });

  it('makes one local transaction for each', async () => {
    await client.db.writeTransaction(async (tx) => {
      await tx.execute("INSERT INTO lists (id, name) VALUES ('l', 'list')");
      await tx.execute("INSERT INTO todos (id, list_id) VALUES ('t', 'l')");
    });
    await addTodos(client, 'alone');
    await drain('invalid');
    await retryAllRejected(client.db);
    const { crud = [] } = (await client.db.getCrudBatch()) ?? {};
    const [first, second, third] = crud.map(({ transactionId }) => transactionId);
    expect(crud).toHaveLength(3);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('returns the reason for each that cannot be written, keeps it, and goes on', async () => {
    await reject('invalid', 'one', 'two', 'three');
    await client.db.execute("INSERT INTO lists (id, name) VALUES ('l', 'list')");
    await drain('invalid', 'no such text');
    await client.db.execute("UPDATE lists SET name = 'new' WHERE id = 'l'");
    await drain('invalid');
    await client.db.execute("DELETE FROM ps_data__lists WHERE id = 'l'"); // another device deleted it
    await client.db.execute("UPDATE connector_rejected_writes SET entries = '[' WHERE rowid = 2");
    const { written, failed } = await retryAllRejected(client.db);
    expect(written).toHaveLength(2);
    expect(failed.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('entries cannot be read'),
      expect.stringContaining('a row that table "lists" no longer has'),
    ]);
    expect((await listRejected(client.db)).map(({ key }) => key)).toEqual(failed.map(({ key }) => key));
    expect(await queued(client)).toEqual(['one', 'three']);
  });

  it('does not count one that another tab has written meanwhile', async () => {
    await reject('invalid', 'one', 'two');
    const [one] = await listRejected(client.db);
    const report = await retryAllRejected(client.db, {
      edit: async (entry) => {
        if (entry.opData?.description === 'one') await retryRejected(client.db, one?.key ?? '');
        return entry;
      },
    });
    expect(report.failed).toMatchObject([
      { key: one?.key, error: { message: expect.stringContaining('already') } },
    ]);
    expect(await queued(client)).toEqual(['one', 'two']);
  });

  it('edits them, and keeps those whose edit fails', async () => {
    await reject('invalid', 'one', 'two');
    const { failed } = await retryAllRejected(client.db, {
      edit: (entry) => {
        if (entry.opData?.description === 'one') throw new Error('bug in the app');
        return { ...entry, opData: { ...entry.opData, description: 'TWO' } };
      },
    });
    expect(failed).toMatchObject([{ error: { message: 'bug in the app' } }]);
    expect(await queued(client)).toEqual(['TWO']);
    expect(await listed()).toEqual(['one']);
  });

  it('undoes no newer write of the same row that was applied', async () => {
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('a', 'first')");
    await client.db.execute("UPDATE todos SET description = 'old' WHERE id = 'a'");
    await client.db.execute("UPDATE todos SET description = 'new' WHERE id = 'a'");
    await addTodos(client, 'old of another row');
    await drain('invalid', 'old');
    const { written, failed } = await retryAllRejected(client.db);
    expect(written).toHaveLength(1);
    expect(failed).toMatchObject([
      { error: { message: expect.stringContaining('newer write of the same row') } },
    ]);
    expect(await queued(client)).toEqual(['old of another row']);
    await retryRejected(client.db, failed[0]?.key ?? ''); // the user wants it
    expect(await listed()).toEqual([]);
  });

  it('writes several of the same row in order, if all of them were refused', async () => {
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('a', 'first')");
    await client.db.execute("UPDATE todos SET description = 'second' WHERE id = 'a'");
    await client.db.execute("UPDATE todos SET description = 'third' WHERE id = 'a'");
    await drain('invalid');
    expect((await retryAllRejected(client.db)).failed).toEqual([]);
    expect(await queued(client)).toEqual(['first', 'second', 'third']);
    expect(await client.db.get("SELECT description FROM todos WHERE id = 'a'")).toEqual({
      description: 'third',
    });
  });

  it('does not write again a transaction that may have been applied', async () => {
    await reject('conflict', 'one', 'two');
    await client.db.execute('UPDATE connector_rejected_writes SET may_be_applied = 1 WHERE rowid = 1');
    const { failed } = await retryAllRejected(client.db);
    expect(failed).toMatchObject([{ error: { message: expect.stringContaining('may have applied it') } }]);
    expect(await queued(client)).toEqual(['two']);
    expect(await listRejected(client.db)).toMatchObject([{ mayBeApplied: true }]);
  });

  it('does not decide for the user', async () => {
    await reject('conflict', 'one', 'two');
    await client.db.execute('UPDATE connector_rejected_writes SET needs_decision = 1 WHERE rowid = 1');
    const { failed } = await retryAllRejected(client.db);
    expect(failed).toMatchObject([{ error: { message: expect.stringContaining('needs a decision') } }]);
    expect(await queued(client)).toEqual(['two']);
  });

  it('does not undo a write that may have been applied', async () => {
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('a', 'first')");
    await client.db.execute("UPDATE todos SET description = 'second' WHERE id = 'a'");
    await drain('conflict');
    await client.db.execute('UPDATE connector_rejected_writes SET may_be_applied = 1 WHERE rowid = 2');
    expect(await retryAllRejected(client.db)).toMatchObject({ written: [], failed: [{}, {}] });
    expect(await queued(client)).toEqual([]);
  });

  it('skips held writes', async () => {
    await addTodos(client, 'ask');
    const transport: Transport = async () => [
      { status: 'rejected', error: new UploadError('invalid', 'No.') },
    ];
    await testConnector({ transport, rejections: hold() }).connector.drain(client.db);
    expect(await retryAllRejected(client.db)).toEqual({ written: [], failed: [] });
    expect(await listRejected(client.db)).toMatchObject([{ state: 'held' }]);
  });

  it.each<[object, string]>([
    [{ codes: 'invalid' }, 'no option "codes"'],
    [{ code: 5 }, '"code" must be'],
    [{ code: ['invalid', undefined] }, '"code" must be'],
    [{ code: null }, '"code" must be'],
    [{ since: 5 }, '"since" must be a Date'],
    [{ since: '2026-11-30' }, '"since" must be a Date'],
    [{ since: null }, '"since" must be a Date'],
    [{ until: new Date(Number.NaN) }, '"until" must be a Date'],
    [{ edit: true }, '"edit" must be a function'],
  ])('%j is a TypeError, with nothing written', async (options, message) => {
    await reject('invalid', 'one');
    const call = retryAllRejected(client.db, options as never);
    await expect(call).rejects.toThrow(TypeError);
    await expect(call).rejects.toThrow(message);
    expect(await listed()).toEqual(['one']);
  });
});
