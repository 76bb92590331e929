import { expect } from 'vitest';
import { defect, post } from './defect.ts';

// TanStack/db, packages/offline-transactions: retry is decided by searching the message for 400, 401, 403 and 422.
defect(
  'an outage is taken for a refusal, because the id of the row has a 422 in it',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (!transaction) return;
      try {
        const response = await post(api, transaction);
        if (!response.ok) throw new Error(`${response.status}: could not write ${transaction.crud[0]?.id}`);
      } catch (error) {
        if (!/400|401|403|422/.test(`${error}`)) throw error;
      }
      await transaction.complete();
    },
  }),
  /to deeply equal \[ 'row-4220' \]/,
  async ({ db, api, connector, queued }) => {
    await db.put('todos', 'row-4220');
    api.failNext(503, { message: 'could not write row-4220' });
    await connector.uploadData(db).catch(() => {});
    expect(await queued()).toEqual(['row-4220']);
  },
);
