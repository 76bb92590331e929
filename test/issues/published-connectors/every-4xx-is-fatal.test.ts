import { expect } from 'vitest';
import { defect, post } from './defect.ts';

for (const [status, what] of [
  [401, 'a token that ran out'],
  [408, 'a slow network'],
  [429, 'a busy backend'],
  [404, 'a deployment without the route'],
] as const)
  defect(
    `every 4xx is fatal: ${what} (${status}) has writes dropped`,
    ({ db, api }) => ({
      async uploadData() {
        const transaction = await db.getNextCrudTransaction();
        if (!transaction) return;
        const { status } = await post(api, transaction);
        if (status >= 500) throw new Error('try again');
        await transaction.complete(); // applied, or fatal
      },
    }),
    /to deeply equal \[ 'milk' \]/,
    async ({ db, api, clock, connector, queued }) => {
      await db.put('todos', 'milk');
      for (let tries = 0; tries < 3; tries++) {
        api.failNext(status);
        api.failNext(status); // also the replay with a new token
        await connector.uploadData(db).catch(() => {});
        expect(await queued()).toEqual(['milk']);
        api.reset();
        clock.advance(600_000);
      }
      await connector.uploadData(db);
      expect(Object.keys(api.tables.todos ?? {})).toEqual(['milk']);
    },
  );
