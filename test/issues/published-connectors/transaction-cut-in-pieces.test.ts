import { expect } from 'vitest';
import { defect, post } from './defect.ts';

defect(
  'getCrudBatch() cuts a transaction, and the backend applies a half of it',
  ({ db, api }) => ({
    async uploadData() {
      const batch = await db.getCrudBatch(3);
      if (!batch || !(await post(api, batch)).ok) throw new Error('failed');
      await batch.complete();
    },
  }),
  /to deeply equal \[ 5 \]/,
  async ({ db, api, upload }) => {
    await db.writeTransaction(async (tx) => {
      for (const id of ['order', '1', '2', '3', '4']) await tx.put('orders', id);
    });
    await upload();
    expect(
      api.received.flatMap(({ transactions }) => transactions.map(({ entries }) => entries.length)),
    ).toEqual([5]);
  },
  { batching: { maxEntries: 3 } },
);
