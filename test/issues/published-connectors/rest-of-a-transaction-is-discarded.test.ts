import { listRejected } from 'powersync-backend-connector/rejections';
import { expect } from 'vitest';
import { defect, post } from './defect.ts';

// The Supabase demo connectors: on some SQLSTATEs the rest of the transaction is discarded, with a line in the log.
defect(
  'an entry that is refused takes the rest of its transaction along, with a line in the log',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      for (const entry of transaction?.crud ?? []) {
        const { results } = (await (await post(api, { crud: [entry] })).json()) as {
          results: { status: string }[];
        };
        if (results[0]?.status !== 'success') break; // "Data upload error - discarding"
      }
      await transaction?.complete();
    },
  }),
  /to match object/,
  async ({ db, api, upload }) => {
    api.rejectNext('CHECK_VIOLATION', { where: ({ id }) => id === 'line-1' });
    await db.writeTransaction(async (tx) => {
      for (const id of ['order', 'line-1', 'line-2']) await tx.put('orders', id);
    });
    await upload();
    expect(await listRejected(db)).toMatchObject([
      { entries: [{ id: 'order' }, { id: 'line-1' }, { id: 'line-2' }] },
    ]);
    expect(api.tables).toEqual({}); // whole or not at all
  },
);
