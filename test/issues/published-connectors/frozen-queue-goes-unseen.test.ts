import { expect, it } from 'vitest';
import { ours } from './defect.ts';

it('a queue that does not move says since when, and why', async () => {
  const { connector, db, api, clock } = ours();
  await db.put('todos', 'milk');
  for (let i = 0; i < 3; i++) {
    api.failNext(503);
    await connector.uploadData(db).catch(() => {});
    clock.advance(600_000);
  }
  expect(connector.status).toMatchObject({
    queuedEntries: 1,
    stalledSince: expect.any(Number),
    lastError: { code: 'unavailable' },
  });
});
