import { column, Schema, Table } from '@powersync/common';
import { fillNulls } from 'powersync-backend-connector/transforms';
import { expect } from 'vitest';
import { defect } from './defect.ts';

const schema = new Schema({ todos: new Table({ text: column.text, note: column.text }) });

defect(
  'INSERT OR REPLACE leaves null columns out, so the backend keeps their old values',
  () => ({}),
  /to deeply equal/,
  async ({ db, api, upload }) => {
    await db.put('todos', 'milk', { text: 'Milk', note: 'two bottles' });
    await upload();
    await db.put('todos', 'milk', { text: 'Milk', note: null });
    await upload();
    expect(api.received.at(-1)?.transactions[0]?.entries[0]?.opData).toEqual({ text: 'Milk', note: null });
  },
  { transform: fillNulls(schema) },
);
