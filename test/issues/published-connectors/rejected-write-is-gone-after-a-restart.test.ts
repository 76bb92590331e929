import { listRejected } from 'powersync-backend-connector/rejections';
import { expect } from 'vitest';
import { defect, post } from './defect.ts';

const dialog: string[] = [];

// TanStack/db, packages/offline-transactions: dropped for good, with a rejected promise that a restarted app no longer has.
defect(
  'a refused write is told to an app that has just been killed, and kept nowhere',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (!transaction) return;
      const { results } = (await (await post(api, transaction)).json()) as { results: { status: string }[] };
      if (results[0]?.status !== 'success') dialog.push('A change could not be saved');
      await transaction.complete();
    },
  }),
  /to match object/,
  async ({ db, api, upload }) => {
    api.rejectNext('CHECK_VIOLATION');
    await db.put('todos', 'milk', { description: 'Milk' });
    await upload();
    const restarted = db.reopen();
    expect(await listRejected(restarted)).toMatchObject([
      { entries: [{ id: 'milk', opData: { description: 'Milk' } }] },
    ]);
  },
);
