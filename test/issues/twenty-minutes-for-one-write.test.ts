import { UploadError } from 'powersync-backend-connector';
import { fakeClock, memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { testConnector } from '../support/connector.ts';

// "Ten tries and ten minutes" took twenty: the waits between the tries had grown to five minutes each, so eight were made in
// the first ten minutes. Meanwhile everything behind the write waited, and so did downloads.
it('an ambiguous refusal is given up once its time is over, since its tries fit into that', async () => {
  const clock = fakeClock();
  const begin = clock();
  const db = memoryDatabase();
  await db.put('todos', 'a', { description: 'a' });
  let tries = 0;
  const { connector } = testConnector({
    clock,
    transport: async () => {
      tries++;
      throw new UploadError('unclassified', '?', { budget: { attempts: 10, minMs: 600_000 } });
    },
  });
  while ((await db.getUploadQueueStats()).count > 0) {
    await connector.uploadData(db).catch(() => {});
    clock.advance(1_000);
  }
  expect(tries).toBe(10);
  expect(clock() - begin).toBeLessThan(610_000);
});
