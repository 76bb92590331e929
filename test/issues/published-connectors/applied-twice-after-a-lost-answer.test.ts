import { expect } from 'vitest';
import { defect } from './defect.ts';

// The docs ask for idempotency keys; no published connector sends one.
defect(
  'a write whose answer was lost is applied twice, since it has no idempotency key',
  () => ({}),
  /to be 1/,
  async ({ db, api, clock, connector, upload }) => {
    await db.put('payments', 'p', { amount: 10 });
    api.dropReply();
    await connector.uploadData(db).catch(() => {});
    clock.advance(600_000);
    await upload();
    expect(api.executions).toBe(1);
  },
);
