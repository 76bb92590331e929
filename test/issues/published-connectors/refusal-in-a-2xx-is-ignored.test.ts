import { listRejected } from 'powersync-backend-connector/rejections';
import { expect } from 'vitest';
import { defect } from './defect.ts';

// thunderbolt ignored `rejected[]` in a 200.
defect(
  'what the backend refused within a 200 is gone, and nobody is told',
  () => ({}), // looks at response.ok, and at nothing else
  /to match object/,
  async ({ db, api, upload }) => {
    api.rejectNext('UNIQUE_VIOLATION', { message: 'that name is taken' });
    await db.put('lists', 'shopping', { name: 'Shopping' });
    await upload();
    expect(await listRejected(db)).toMatchObject([
      { code: 'conflict', details: { message: 'that name is taken' }, entries: [{ id: 'shopping' }] },
    ]);
  },
);
