import { reactive } from '@vue/reactivity';
import { BackendConnector } from 'powersync-backend-connector';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { applyAll, testConnector } from '../support/connector.ts';

/** A database with so many transactions queued. */
async function queueOf(size: number) {
  const database = memoryDatabase();
  for (let i = 0; i < size; i++) await database.put('lists', `${i}`);
  return database;
}

// State libraries wrap what they are given in a proxy, and apps pass methods on.
describe('the methods work', () => {
  it('on their own', async () => {
    const { drain, fetchCredentials, subscribe, close } = testConnector().connector;
    expect(await drain(await queueOf(2))).toMatchObject({ drained: true, applied: 2 });
    expect(await fetchCredentials()).toMatchObject({ token: 'token' });
    subscribe(() => {})();
    close();
    await expect(fetchCredentials()).rejects.toMatchObject({ code: 'aborted' });
  });

  it('through a proxy, and the status with them', async () => {
    const connector = reactive(testConnector().connector);
    const database = await queueOf(2);
    expect(connector.status.phase).toBe('idle');
    await connector.setOwner(database, 'ada');
    await connector.uploadData(database);
    expect(connector.status.counters.applied).toBe(2);
    await connector.resetBreaker(database);
    connector.invalidateCredentials();
    connector.close();
    expect(connector.status.phase).toBe('closed');
  });

  it('all of them', () => {
    const { connector } = testConnector();
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(connector));
    for (const name of names.filter((each) => each !== 'constructor'))
      expect(Object.keys(connector)).toContain(name);
  });

  it('of a class that extends it', async () => {
    class Mine extends BackendConnector {
      uploads = 0;
      override async uploadData(...args: Parameters<BackendConnector['uploadData']>): Promise<void> {
        this.uploads++;
        await super.uploadData(...args);
      }
    }
    const mine = new Mine({
      endpoint: 'https://service.test',
      credentials: async () => ({ token: 'token' }),
      transport: applyAll,
    });
    const { uploadData } = mine;
    await uploadData(await queueOf(1));
    expect(mine.uploads).toBe(1);
    expect(mine.status.counters.applied).toBe(1);
  });
});
