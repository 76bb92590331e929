import { dropEmptyPatches } from 'powersync-backend-connector/transforms';
import { expect } from 'vitest';
import { defect } from './defect.ts';

defect(
  'an UPDATE that changes nothing is sent as an empty patch, which backends answer with 400',
  () => ({}),
  /to have a length of \+?0 but got 1/,
  async ({ db, api, upload, queued }) => {
    await db.put('todos', 'milk', { text: 'Milk' });
    await upload();
    const { length } = api.received;
    await db.execute("UPDATE todos SET text = 'Milk' WHERE id = 'milk'");
    expect(await queued()).toEqual(['milk']);
    await upload();
    expect(api.received.slice(length)).toHaveLength(0);
    expect(await queued()).toEqual([]);
  },
  { transform: dropEmptyPatches() },
);
