import { discardQueued, exportQueued } from 'powersync-backend-connector/owners';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { testConnector } from '../../support/connector.ts';

afterEach(() => vi.useRealTimers());

/** A database with writes of these owners, one transaction each. */
async function writtenBy(...owners: (string | null)[]) {
  const database = memoryDatabase();
  const { connector } = testConnector();
  for (const [index, owner] of owners.entries()) {
    await connector.setOwner(database, owner);
    await database.put('lists', `${index}`);
  }
  const left = async () => (await exportQueued(database)).map(({ owner }) => owner);
  return { database, left };
}

describe('discardQueued()', () => {
  it('removes nothing from an empty queue', async () => {
    const { database } = await writtenBy();
    expect(await discardQueued(database, 'ada')).toBe(0);
    expect(await exportQueued(database)).toEqual([]);
  });

  it('removes all that is queued, where all of it is theirs', async () => {
    const { database, left } = await writtenBy('ada', 'ada', 'ada');
    expect(await discardQueued(database, 'ada')).toBe(3);
    expect(await left()).toEqual([]);
  });

  it('stops at the first write of somebody else', async () => {
    const { database, left } = await writtenBy('ada', 'ada', null, 'ada');
    expect(await discardQueued(database, 'ada')).toBe(2);
    expect(await left()).toEqual([null, 'ada']);
    expect(await discardQueued(database, 'bob')).toBe(0);
    expect(await left()).toEqual([null, 'ada']);
  });

  it('leaves no timer behind', async () => {
    const { database } = await writtenBy('ada');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await discardQueued(database, 'ada');
    expect(vi.getTimerCount()).toBe(0);
  });
});
