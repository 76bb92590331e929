import { type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected } from 'powersync-backend-connector/rejections';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { applied, fakeClock, testConnector } from '../support/connector.ts';

// One instance of ten answered 400 to everything. Refusals were rare, so each was believed at once, and the nine successes behind
// it took its doubt away: as many writes were rejected as it got.
it('costs three in a hundred at most, with one transaction in a request', async () => {
  const WRITES = 300;
  const clock = fakeClock();
  const db = memoryDatabase();
  for (let i = 0; i < WRITES; i++) await db.put('todos', `${i}`, { description: `${i}` });
  let requests = 0;
  const transport: Transport = async ({ transactions }) => {
    if (++requests % 10 === 0) throw new UploadError('invalid', 'HTTP status 400.', { status: 400 });
    return transactions.map(applied);
  };
  const { connector } = testConnector({ transport, clock, batching: { maxTransactions: 1 } });
  for (let calls = 0; calls < 20_000 && (await db.getUploadQueueStats()).count > 0; calls++) {
    await connector.drain(db);
    clock.advance(5_000);
  }
  expect((await db.getUploadQueueStats()).count).toBe(0);
  expect((await listRejected(db)).length).toBeLessThanOrEqual(0.03 * WRITES);
});
