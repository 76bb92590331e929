import { notifyRejected } from 'powersync-backend-connector/rejections';
import { expect, it } from 'vitest';
import { ours } from './defect.ts';

it('the user hears of a rejected write once, also after a restart', async () => {
  const { connector, db, api } = ours();
  api.rejectNext('CHECK_VIOLATION');
  await db.put('todos', 'milk');
  const told: string[] = [];
  for (let i = 0; i < 3; i++) {
    await connector.uploadData(db);
    await notifyRejected(db, ({ code }) => void told.push(code));
  }
  await notifyRejected(db.reopen(), ({ code }) => void told.push(code));
  expect(told).toEqual(['invalid']);
});
