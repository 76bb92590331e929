import { boolean, columns, json } from 'powersync-backend-connector/transforms';
import { expect } from 'vitest';
import { defect } from './defect.ts';

defect(
  'booleans arrive as 0 and 1, and JSON as text',
  () => ({}),
  /to deeply equal/,
  async ({ db, api, upload }) => {
    await db.put('todos', 'milk', { done: 0, tags: '["food"]' });
    await upload();
    expect(api.tables.todos).toEqual({ milk: { done: false, tags: ['food'] } });
  },
  { transform: columns({ done: boolean, tags: json }) },
);
