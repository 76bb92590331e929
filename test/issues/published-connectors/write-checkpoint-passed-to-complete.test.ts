import { expect } from 'vitest';
import { defect, post } from './defect.ts';

// In shared-internals 1.1 to 1.3 a write checkpoint is ignored where the queue is empty afterwards.
defect(
  'a write checkpoint passed to complete() is lost, or waits for the wrong write',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (!transaction || !(await post(api, transaction)).ok) throw new Error('failed');
      await transaction.complete('42');
    },
  }),
  /to deeply equal/,
  async ({ db, upload }) => {
    await db.put('todos', 'milk');
    await upload();
    expect(db.completions.map(({ argument }) => argument)).toEqual([undefined]);
  },
);
