import { type Transport, UploadError } from 'powersync-backend-connector';
import { claimQueued } from 'powersync-backend-connector/owners';
import {
  discardRejected,
  exportRejected,
  hold,
  listRejected,
  notifyRejected,
  type RejectedWrite,
  releaseHeld,
  retryAllRejected,
  retryRejected,
  type WritableDatabase,
  watchRejected,
} from 'powersync-backend-connector/rejections';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeClient, openClient, type TestClient, waitFor } from '../support/client.ts';
import { addTodos, testConnector } from '../support/connector.ts';

const refuse: Transport = async ({ transactions }) =>
  transactions.map(() => ({ status: 'rejected', error: new UploadError('conflict', 'Taken.') }));

let client: TestClient;
const stop = new AbortController();

beforeEach(async () => {
  client = await openClient();
});

afterEach(() => closeClient(client));

async function signIn(owner: string | null): Promise<void> {
  await testConnector().connector.setOwner(client.db, owner);
}

/** Has a to-do of who is signed in rejected, and returns its key. */
async function reject(text: string): Promise<string> {
  await addTodos(client, text);
  await testConnector({ transport: refuse }).connector.drain(client.db);
  const row = await client.db.get<{ key: string }>(
    'SELECT key FROM connector_rejected_writes ORDER BY rowid DESC LIMIT 1',
  );
  return row.key;
}

/** All that is recorded and queued. */
async function everything(): Promise<unknown> {
  return [
    await client.db.getAll('SELECT * FROM connector_rejected_writes'),
    await client.db.getAll('SELECT * FROM ps_crud'),
  ];
}

const description = ({ entries }: RejectedWrite) => entries[0]?.opData?.description;
const listed = async (
  ...given: Parameters<typeof listRejected> extends [unknown, ...infer Rest] ? Rest : never
) => (await listRejected(client.db, ...given)).map(description);

describe('rejected writes', () => {
  it('are listed, exported and reported only for their own user', async () => {
    await signIn('ada');
    await reject('of ada');
    await signIn('bob');
    await reject('of bob');
    const told: unknown[] = [];
    expect(await listed()).toEqual(['of bob']);
    expect(await exportRejected(client.db)).toMatchObject([{ owner: 'bob' }]);
    await notifyRejected(client.db, (write) => told.push(description(write)));
    expect(told).toEqual(['of bob']);
    await signIn('ada');
    expect(await listed()).toEqual(['of ada']);
    await notifyRejected(client.db, (write) => told.push(description(write)));
    expect(told).toEqual(['of bob', 'of ada']);
  });

  it('are those without an owner after a sign-out', async () => {
    await signIn('ada');
    await reject('of ada');
    await signIn(null);
    expect(await listed()).toEqual([]);
    await reject('of nobody');
    expect(await listed()).toEqual(['of nobody']);
    await signIn('bob');
    expect(await listed()).toEqual([]);
  });

  it('are all of them if setOwner() was never called', async () => {
    await reject('one');
    await client.db.execute("UPDATE connector_rejected_writes SET owner = 'ada'");
    await reject('two');
    expect(await listed()).toEqual(['one', 'two']);
    expect(await listed({ owner: 'ada' })).toEqual(['one']);
    expect(await listed({ owner: null })).toEqual(['two']);
  });

  it('from before the first sign-in have no owner until they are claimed', async () => {
    await reject('before');
    await signIn('ada');
    expect(await listed()).toEqual([]);
    await claimQueued(client.db, { from: null });
    expect(await listed()).toEqual(['before']);
    await signIn('bob');
    expect(await listed()).toEqual([]);
  });

  it('of writes from before the first sign-in belong to the user who sent them', async () => {
    await addTodos(client, 'before');
    await signIn('ada');
    await testConnector({ transport: refuse }).connector.drain(client.db);
    expect(await listed()).toEqual(['before']);
    await signIn('bob');
    expect(await listed()).toEqual([]);
  });

  it.each(['bob', null, ''])('cannot be read for the owner %j', async (owner) => {
    await signIn('ada');
    await reject('of ada');
    for (const ask of [
      () => listRejected(client.db, { owner }),
      () => exportRejected(client.db, { owner }),
      () => notifyRejected(client.db, () => expect.unreachable(), { owner }),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'owner_mismatch' });
    }
    expect(await listed({ owner: 'ada' })).toEqual(['of ada']);
  });

  const calls: Record<string, (db: WritableDatabase, key: string) => Promise<unknown>> = {
    retryRejected: (db, key) => retryRejected(db, key, { edit: () => expect.unreachable() }),
    discardRejected: (db, key) => discardRejected(db, key),
    releaseHeld: (db, key) => releaseHeld(db, key),
  };

  it.each(Object.entries(calls))(
    'of another user make %s() an error that changes nothing',
    async (_, call) => {
      await signIn('ada');
      const key = await reject('of ada');
      for (const owner of ['bob', null]) {
        await signIn(owner);
        const before = await everything();
        await expect(call(client.db, key)).rejects.toMatchObject({
          code: 'owner_mismatch',
          message: expect.stringContaining('Nothing was changed'),
        });
        expect(await everything()).toEqual(before);
      }
    },
  );

  it('of another user are not discarded with the user’s own', async () => {
    await signIn('ada');
    const theirs = await reject('of ada');
    await signIn('bob');
    const own = await reject('of bob');
    await expect(discardRejected(client.db, [own, theirs])).rejects.toMatchObject({ code: 'owner_mismatch' });
    expect(await listed()).toEqual(['of bob']);
  });

  it('without an owner are not sent as those of a user', async () => {
    await signIn(null);
    const key = await reject('of nobody');
    await signIn('ada');
    await expect(retryRejected(client.db, key)).rejects.toMatchObject({ code: 'owner_mismatch' });
  });

  /** The database of this tab; another one signs somebody in just before its next transaction. */
  function signedInMeanwhile(owner: string): WritableDatabase {
    let isFirst = true;
    return Object.create(client.db, {
      writeTransaction: {
        value: async (callback: Parameters<TestClient['db']['writeTransaction']>[0]) => {
          if (isFirst) await signIn(owner);
          isFirst = false;
          return client.db.writeTransaction(callback);
        },
      },
    });
  }

  it.each(['retryRejected', 'discardRejected'])(
    'are not touched by %s() if another tab signs in another user meanwhile',
    async (name) => {
      await signIn('ada');
      const key = await reject('of ada');
      const call = name === 'retryRejected' ? retryRejected : discardRejected;
      await expect(call(signedInMeanwhile('bob'), key)).rejects.toMatchObject({ code: 'owner_mismatch' });
      expect(await client.db.getAll('SELECT 1 FROM ps_crud')).toEqual([]);
      await signIn('ada');
      expect(await listed()).toEqual(['of ada']);
    },
  );

  it('are no longer reported, or written again in bulk', async () => {
    await signIn('ada');
    await reject('of ada');
    await notifyRejected(signedInMeanwhile('bob'), () => expect.unreachable());
    await signIn('ada');
    const { written, failed } = await retryAllRejected(signedInMeanwhile('bob'));
    expect(written).toEqual([]);
    expect(failed).toMatchObject([{ error: { code: 'owner_mismatch' } }]);
  });

  it('that are held are neither shown to another user nor released by that user', async () => {
    await signIn('ada');
    await addTodos(client, 'of ada');
    await testConnector({ transport: refuse, rejections: hold() }).connector.drain(client.db);
    const [write] = await listRejected(client.db);
    expect(write?.state).toBe('held');
    await signIn('bob');
    expect(await listed()).toEqual([]);
    await expect(releaseHeld(client.db, write?.key ?? '')).rejects.toMatchObject({ code: 'owner_mismatch' });
    await signIn('ada');
    await expect(releaseHeld(signedInMeanwhile('bob'), write?.key ?? '')).rejects.toThrow('Nothing');
    await signIn('ada');
    expect(await listRejected(client.db)).toMatchObject([{ state: 'held' }]);
  });

  it('are watched for the user who is signed in, from the sign-in on', async () => {
    await signIn('ada');
    await reject('of ada');
    const shown: unknown[] = [];
    const ofAda: unknown[] = [];
    const logged = vi.spyOn(console, 'error');
    watchRejected(client.db, (writes) => shown.push(writes.map(description)), { signal: stop.signal });
    watchRejected(client.db, (writes) => ofAda.push(writes.map(description)), {
      signal: stop.signal,
      owner: 'ada',
    });
    await waitFor(() => shown.length === 1 && ofAda.length === 1);
    await signIn('bob');
    await waitFor(() => shown.length === 2 && ofAda.length === 2);
    await reject('of bob');
    await waitFor(() => shown.length === 3);
    await signIn('ada');
    await waitFor(() => shown.length === 4 && ofAda.length === 3);
    expect(shown).toEqual([['of ada'], [], ['of bob'], ['of ada']]);
    expect(ofAda).toEqual([['of ada'], [], ['of ada']]);
    expect(logged).not.toHaveBeenCalled();
  });

  it('name only later op ids of their own user', async () => {
    await signIn('ada');
    await client.db.execute("INSERT INTO todos (id, description) VALUES ('a', 'one')");
    await client.db.execute("UPDATE todos SET description = 'two' WHERE id = 'a'");
    await signIn('bob');
    await client.db.execute("UPDATE todos SET description = 'three' WHERE id = 'a'");
    await signIn('ada');
    await testConnector({ transport: refuse, batching: { maxTransactions: 1 } }).connector.uploadData(
      client.db,
    );
    expect(await listRejected(client.db)).toMatchObject([{ laterOpIds: [2] }]);
  });
});
