import { reactive } from '@vue/reactivity';
import { BackendConnector, type BackendConnectorOptions } from 'powersync-backend-connector';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { describe, expect, it } from 'vitest';
import { applyAll, testConnector } from '../support/connector.ts';

const OPTIONS: BackendConnectorOptions = {
  endpoint: 'https://service.test',
  credentials: async () => ({ token: 'token' }),
  transport: applyAll,
};

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
    for (const name of names.filter((each) => !['constructor', 'status'].includes(each)))
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
    const mine = new Mine(OPTIONS);
    const { uploadData } = mine;
    await uploadData(await queueOf(1));
    expect(mine.uploads).toBe(1);
    expect(mine.status.counters.applied).toBe(1);
  });
});

describe('the status', () => {
  it('is frozen, with all that is in it', async () => {
    const { connector, events } = testConnector();
    const seen: boolean[] = [];
    connector.subscribe(() => {
      const { status } = connector;
      seen.push(Object.isFrozen(status) && Object.isFrozen(status.counters));
      if (status.inFlight) seen.push(Object.isFrozen(status.inFlight));
    });
    expect(Object.isFrozen(connector.status) && Object.isFrozen(connector.status.counters)).toBe(true);
    await connector.drain(await queueOf(1));
    expect(seen).toEqual(seen.map(() => true));
    expect(seen.length).toBeGreaterThan(events.length);
  });

  it('of one connector cannot be changed through another', () => {
    const counters = reactive(testConnector().connector).status.counters as { applied: number };
    expect(() => counters.applied++).toThrow(TypeError);
    expect(testConnector().connector.status.counters.applied).toBe(0);
  });

  it('can be overridden by a class that extends it', async () => {
    class Mine extends BackendConnector {
      override get status(): BackendConnector['status'] {
        return { ...super.status, queuedEntries: 7 };
      }
    }
    const mine = new Mine(OPTIONS);
    await mine.drain(await queueOf(1));
    for (const each of [mine, reactive(mine)])
      expect(each.status).toMatchObject({ queuedEntries: 7, counters: { applied: 1 } });
  });

  it('is up to date in a copy with the same prototype, as Valtio and Immer make them', async () => {
    const { connector } = testConnector();
    const copy = Object.assign(Object.create(Object.getPrototypeOf(connector)), connector);
    await copy.drain(await queueOf(1));
    expect(copy.status.counters.applied).toBe(1);
    expect(Object.create(connector).status).toBe(connector.status);
  });

  it('can be redefined on the object, as MobX does', async () => {
    const { connector } = testConnector();
    for (const name of Object.keys(connector))
      expect(Object.getOwnPropertyDescriptor(connector, name)?.configurable, name).toBe(true);
    Object.defineProperty(connector, 'status', { get: () => 'mine' });
    expect(connector.status).toBe('mine');
  });
});
