import { listRejected } from 'powersync-backend-connector/rejections';
import { expect } from 'vitest';
import { defect, post } from './defect.ts';

// The most common one: queues of thousands behind a write that the backend will never take.
defect(
  'one write that the backend refuses for good blocks all writes behind it, for ever',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (!transaction) return;
      const response = await post(api, transaction);
      const { results } = (await response.json()) as { results: { status: string }[] };
      if (results[0]?.status !== 'success') throw new Error('Sync upload rejected');
      await transaction.complete();
    },
  }),
  /Sync upload rejected/,
  async ({ db, api, clock, upload }) => {
    api.rejectNext('CHECK_VIOLATION', { where: ({ id }) => id === 'bad' });
    for (const id of ['bad', 'b', 'c']) await db.put('todos', id);
    for (let tries = 0; tries < 3; tries++) {
      await upload();
      clock.advance(600_000);
    }
    expect(Object.keys(api.tables.todos ?? {})).toEqual(['b', 'c']);
    expect(await listRejected(db)).toMatchObject([{ entries: [{ id: 'bad' }] }]);
  },
);
