// discardQueued() read who wrote what before it read the queue. Somebody who signed in and wrote in between was not known
// yet, so their writes counted as the other's, and were discarded with them.
import { discardQueued } from 'powersync-backend-connector/owners';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it, vi } from 'vitest';
import { testConnector } from '../support/connector.ts';

it('what another user writes while writes are discarded stays', async () => {
  const db = memoryDatabase();
  const { connector } = testConnector();
  await connector.setOwner(db, 'ada');
  await db.put('todos', 'of ada');

  const getAll = db.getAll.bind(db);
  const spy = vi.spyOn(db, 'getAll').mockImplementation(async (sql: string, parameters?: unknown[]) => {
    const rows = await getAll(sql, parameters);
    if (!sql.includes('FROM connector_owners')) return rows as never;
    spy.mockRestore();
    await connector.setOwner(db, 'bob');
    await db.put('todos', 'of bob');
    return rows as never;
  });
  expect(await discardQueued(db, 'ada')).toBe(1);
  expect((await db.getCrudBatch())?.crud.map(({ id }) => id)).toEqual(['of bob']);
});
