import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UploadError } from 'powersync-backend-connector';
import { renameTables } from 'powersync-backend-connector/transforms';
import { afterEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applyAll, recordingTransport, testConnector } from '../support/connector.ts';

describe('P3: every transaction carries an idempotency key', () => {
  const clients: TestClient[] = [];
  const open = async (options?: Parameters<typeof openClient>[0]) => {
    const client = await openClient(options);
    clients.push(client);
    return client;
  };
  afterEach(async () => {
    for (const client of clients.splice(0)) await closeClient(client);
  });

  async function keysOf(client: TestClient, maxTransactions = 50): Promise<string[]> {
    const { transport, keys } = recordingTransport(async () => {
      throw new UploadError('unavailable', 'not now');
    });
    await testConnector({ transport, batching: { maxTransactions } }).connector.drain(client.db);
    return keys();
  }

  it('is the client id, the range of op ids and a hash of the content', async () => {
    const client = await open();
    await addTodos(client, 'a');
    const [key] = await keysOf(client);
    expect(key).toMatch(new RegExp(`^${await client.db.getClientId()}:1-1:[0-9a-f]{16}$`));
  });

  it('is equal on every retry, after a restart, and in a batch of another size', async () => {
    const client = await open();
    await addTodos(client, 'a', 'b', 'c');
    const keys = await keysOf(client);
    expect(new Set(keys).size).toBe(3);
    expect(await keysOf(client)).toEqual(keys);

    await closeClient(client, { keepFiles: true });
    clients.length = 0;
    const reopened = await open({ name: client.name, folder: client.folder });
    expect(await keysOf(reopened)).toEqual(keys);

    const { transport, keys: oneByOne } = recordingTransport(applyAll);
    await testConnector({ transport, batching: { maxTransactions: 1 } }).connector.drain(reopened.db);
    expect(oneByOne()).toEqual(keys);
  });

  it('does not depend on a transform', async () => {
    const client = await open();
    await addTodos(client, 'a');
    const plain = await keysOf(client);
    const { transport, keys } = recordingTransport();
    await testConnector({ transport, transform: renameTables({ todos: 'tasks' }) }).connector.drain(
      client.db,
    );
    expect(keys()).toEqual(plain);
  });

  it('differs for a new write that got the op id of a lost one, so that it arrives', async () => {
    const client = await open();
    await addTodos(client, 'before the backup');
    await testConnector().connector.drain(client.db);
    await client.db.execute('PRAGMA wal_checkpoint(TRUNCATE)');
    await closeClient(client, { keepFiles: true });
    clients.length = 0;
    const backup = join(client.folder, 'backup.db');
    await copyFile(join(client.folder, client.name), backup);

    const original = await open({ name: client.name, folder: client.folder });
    await addTodos(original, 'lost');
    const [lost] = await keysOf(original);
    const restored = await open({ name: 'backup.db', folder: client.folder });
    await addTodos(restored, 'new');
    const [fresh] = await keysOf(restored);

    const [lostIds, freshIds] = [lost, fresh].map((key) => key?.split(':').slice(0, 2).join(':'));
    expect(freshIds).toBe(lostIds); // same client id, same op ids ...
    expect(fresh).not.toBe(lost); // ... other content
  });
});
