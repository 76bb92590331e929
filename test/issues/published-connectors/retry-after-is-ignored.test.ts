import { expect } from 'vitest';
import { defect } from './defect.ts';

// The SDK alone calls again after a flat 5 s, for ever; published connectors add nothing to that.
defect(
  'a backend that asks for an hour of rest is called every five seconds',
  () => ({}),
  /to have a length of 1 but got/,
  async ({ db, api, clock, connector }) => {
    await db.put('todos', 'milk');
    api.failNext(503, { retryAfter: 3_600 });
    for (let seconds = 0; seconds < 3_600; seconds += 5) {
      await connector.uploadData(db).catch(() => {});
      clock.advance(5_000);
    }
    expect(api.received).toHaveLength(1);
    await connector.uploadData(db);
    expect(Object.keys(api.tables.todos ?? {})).toEqual(['milk']);
  },
);
