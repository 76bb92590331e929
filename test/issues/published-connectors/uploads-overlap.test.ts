import { expect } from 'vitest';
import { defect } from './defect.ts';

// Background tasks call uploadData() by hand; an upload that a disconnect left behind goes on.
defect(
  'two uploads at once send the same writes twice',
  () => ({}),
  /to have a length of 1 but got 2/,
  async ({ db, api, connector }) => {
    await db.put('todos', 'milk');
    api.delay(20);
    await Promise.all([connector.uploadData(db), connector.uploadData(db)]);
    expect(api.received).toHaveLength(1);
  },
);
