import { column, Schema, Table } from '@powersync/common';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { ours } from './defect.ts';

// They are in the reference contract, and its own connector drops them.
it('previous values and metadata reach the backend', async () => {
  const { connector, api } = ours();
  const db = memoryDatabase({
    schema: new Schema({
      todos: new Table({ text: column.text }, { trackPrevious: true, trackMetadata: true }),
    }),
    rows: { todos: [{ id: 'milk', text: 'Milk' }] },
  });
  await db.patch('todos', 'milk', { text: 'Oat milk' }, { metadata: 'by voice' });
  await connector.uploadData(db);
  expect(api.received[0]?.body).toMatchObject({
    transactions: [{ crud: [{ previous_values: { text: 'Milk' }, metadata: 'by voice' }] }],
  });
});
