import { claimQueued, exportQueued } from 'powersync-backend-connector/owners';
import { listRejected } from 'powersync-backend-connector/rejections';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { testConnector } from '../../support/connector.ts';

/** A connector whose backend refuses what it is sent, each write for itself. */
const refused = () =>
  testConnector({
    transport: async ({ transactions }) =>
      transactions.map(() => ({ status: 'rejected', error: new UploadError('conflict', 'Taken.') })),
  }).connector;

describe('claimQueued()', () => {
  it('gives what was written before signing up to who signed up: queued and rejected writes', async () => {
    const database = memoryDatabase();
    const connector = refused();
    await connector.setOwner(database, null);
    await database.put('lists', 'a');
    await connector.drain(database);
    await database.put('lists', 'b');
    await connector.setOwner(database, 'ada');
    expect(await listRejected(database)).toEqual([]);
    await claimQueued(database, { from: null });
    expect(await exportQueued(database)).toMatchObject([{ owner: 'ada' }]);
    expect(await listRejected(database)).toMatchObject([{ owner: 'ada' }]);
  });

  it('leaves what is of others', async () => {
    const database = memoryDatabase();
    const connector = refused();
    for (const owner of ['bob', 'eve']) {
      await connector.setOwner(database, owner);
      await database.put('lists', owner);
    }
    await connector.setOwner(database, 'ada');
    await claimQueued(database, { from: 'bob' });
    expect(await exportQueued(database)).toMatchObject([{ owner: 'ada' }, { owner: 'eve' }]);
  });

  it('refuses where nobody is signed in, and where there is nothing to claim', async () => {
    const database = memoryDatabase();
    await expect(claimQueued(database, { from: 'bob' })).rejects.toThrow('nobody is signed in');
    await refused().setOwner(database, null);
    await expect(claimQueued(database, { from: 'bob' })).rejects.toThrow('nobody is signed in');
    await refused().setOwner(database, 'bob');
    await expect(claimQueued(database, { from: 'bob' })).rejects.toThrow('already');
  });
});
