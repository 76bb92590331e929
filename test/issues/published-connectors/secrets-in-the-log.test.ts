import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { ours } from './defect.ts';

// thunderbolt redacts by hand; others log the request that failed.
it('token, row and words of the backend are in nothing that a logger would be given', async () => {
  const { connector, db, api } = ours({ credentials: async () => ({ token: 'SECRET-token' }) });
  const events: unknown[] = [];
  connector.subscribe((event) => events.push(event));
  await db.put('todos', 'milk', { text: 'SECRET-row' });
  api.failNext(500, { message: 'SECRET-words' });
  const error = await connector.uploadData(db).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'unavailable' });
  expect(inspect([error, events, connector.status], { depth: 10, showHidden: true })).not.toContain('SECRET');
});
