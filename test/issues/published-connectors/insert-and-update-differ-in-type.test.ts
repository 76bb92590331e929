import { column, Schema, Table } from '@powersync/common';
import { castToSchema } from 'powersync-backend-connector/transforms';
import { expect } from 'vitest';
import { defect } from './defect.ts';

const schema = new Schema({ todos: new Table({ amount: column.integer }) });

defect(
  'an integer written as text is text after an INSERT, and a number after an UPDATE',
  () => ({}),
  /to be 17/,
  async ({ db, api, upload }) => {
    await db.put('todos', 'milk', { amount: '17' });
    await upload();
    expect(api.tables.todos?.milk?.amount).toBe(17);
  },
  { transform: castToSchema(schema) },
);
