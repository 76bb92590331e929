import { expect } from 'vitest';
import { defect, post } from './defect.ts';

defect(
  'completing a later transaction removes the earlier ones that failed',
  ({ db, api }) => ({
    async uploadData() {
      const iterator = db.getCrudTransactions()[Symbol.asyncIterator]();
      for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
        const response = await post(api, next.value);
        if (response.ok) await next.value.complete(); // "the others are tried again later"
      }
    },
  }),
  /to deeply equal \[ 'first', 'second' \]/,
  async ({ db, api, clock, connector, upload }) => {
    await db.put('todos', 'first');
    await db.put('todos', 'second');
    api.failNext(503);
    await connector.uploadData(db).catch(() => {});
    clock.advance(600_000);
    await upload();
    expect(Object.keys(api.tables.todos ?? {})).toEqual(['first', 'second']);
  },
);
