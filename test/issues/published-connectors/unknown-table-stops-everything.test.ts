import { onlyTables } from 'powersync-backend-connector/transforms';
import { expect } from 'vitest';
import { defect, post } from './defect.ts';

defect(
  'a table that the backend does not know throws, and stops all uploads',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (!transaction) return;
      for (const { table } of transaction.crud)
        if (table !== 'todos') throw new Error(`Unknown table ${table}`);
      if (!(await post(api, transaction)).ok) throw new Error('failed');
      await transaction.complete();
    },
  }),
  /Unknown table drafts/,
  async ({ db, api, upload }) => {
    await db.put('drafts', 'd');
    await db.put('todos', 'milk');
    await upload();
    expect(api.tables).toEqual({ todos: { milk: {} } });
  },
  { transform: onlyTables(['todos'], { others: 'ignore' }) },
);
