import { expect } from 'vitest';
import { defect } from './defect.ts';

// A pending uploadData() also holds the SDK's disconnect().
defect(
  'a request that is never answered hangs the upload for ever',
  () => ({}),
  /to be 'ended'/,
  async ({ db, api, connector, queued }) => {
    await db.put('todos', 'milk');
    api.freeze();
    const ended = connector.uploadData(db).then(
      () => 'ended',
      () => 'ended',
    );
    const waited = new Promise((resolve) => setTimeout(resolve, 2_000, 'still waiting'));
    expect(await Promise.race([ended, waited])).toBe('ended');
    expect(await queued()).toEqual(['milk']);
  },
  { retry: { timeoutMs: 50 } },
);
