import { expect } from 'vitest';
import { defect, post, type Scene } from './defect.ts';

async function nothingIsLost({ db, api, connector, queued }: Scene): Promise<void> {
  await db.put('todos', 'milk', { description: 'Milk' });
  await connector.uploadData(db).catch(() => {});
  expect([...(await queued()), ...Object.keys(api.tables.todos ?? {})]).toContain('milk');
}

defect(
  'a connector that never looks at response.ok completes what the backend refused',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (transaction) await post(api, transaction);
      await transaction?.complete();
    },
  }),
  /to include 'milk'/,
  async (scene) => {
    scene.api.failNext(503);
    await nothingIsLost(scene);
  },
);

defect(
  'a connector that completes in a catch-all loses what could not be sent',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      if (transaction) await post(api, transaction).catch(() => {}); // "logged"
      await transaction?.complete();
    },
  }),
  /to include 'milk'/,
  async (scene) => {
    scene.api.offline();
    await nothingIsLost(scene);
  },
);

defect(
  'a connector that passes the error to complete() completes',
  ({ db, api }) => ({
    async uploadData() {
      const transaction = await db.getNextCrudTransaction();
      try {
        if (transaction) await post(api, transaction);
        await transaction?.complete();
      } catch (error) {
        await transaction?.complete(String(error)); // takes a write checkpoint, not an error
      }
    },
  }),
  /to include 'milk'/,
  async (scene) => {
    scene.api.offline();
    await nothingIsLost(scene);
  },
);

defect(
  'a captive portal, which answers every request with a page and status 200, empties the queue',
  () => ({}), // looks at response.ok, and at nothing else
  /to include 'milk'/,
  async (scene) => {
    scene.api.html({ status: 200 });
    await nothingIsLost(scene);
  },
);
