import { expect, it } from 'vitest';
import { ours } from './defect.ts';

// disconnectAndClear() drops what is queued without a word.
it('signing out while the backend is down keeps what is queued, and says so', async () => {
  const { connector, db, api, queued } = ours();
  await connector.setOwner(db, 'ada');
  await db.put('todos', 'milk', { text: 'Milk' });
  api.offline();
  expect(await connector.drainAndClear(db, { unsent: 'keep', timeoutMs: 50 })).toMatchObject({
    cleared: false,
  });
  expect(await queued()).toEqual(['milk']);

  api.online();
  expect(await connector.drainAndClear(db, { unsent: 'keep' })).toMatchObject({ cleared: true });
  expect(Object.keys(api.tables.todos ?? {})).toEqual(['milk']);
});
