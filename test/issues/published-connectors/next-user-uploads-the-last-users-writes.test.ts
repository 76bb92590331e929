import { testJwt } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { ours } from './defect.ts';

// powersync-kotlin#177: the queue outlives a sign-out, and goes out with whatever token there is.
it('a write of Ada, who signed out, never goes out with the token of Ben', async () => {
  let user: string | null = 'ada';
  const { connector, db, api } = ours({
    credentials: async () => (user === null ? null : { token: testJwt({ sub: user }) }),
  });
  await connector.setOwner(db, 'ada');
  await db.put('todos', 'diary', { text: 'private' });

  user = null;
  await connector.setOwner(db, null);
  user = 'ben';
  await connector.setOwner(db, 'ben');
  await connector.uploadData(db).catch(() => {});
  expect(api.received).toEqual([]);
  expect(connector.status.phase).toBe('owner-mismatch');

  user = 'ada';
  await connector.setOwner(db, 'ada');
  await connector.uploadData(db);
  expect(Object.keys(api.tables.todos ?? {})).toEqual(['diary']);
});
