import { type Outcome, type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected } from 'powersync-backend-connector/rejections';
import { fakeClock, memoryDatabase } from 'powersync-backend-connector/testing';
import { expect, it } from 'vitest';
import { testConnector } from '../support/connector.ts';

// A deployment had a bug in its validation: every write was a `fatal_error` with a code about its data, in the contract's form.
// 45 good writes were rejected at once, and 51 in the hour it lasted. Where half of the instances had it, it was one in six, and
// with one transaction in a request every second one, however long it lasted.
const WRITES = 300;
const HOUR = 3_600_000;

/** Uploads as the SDK does, every five seconds, until all is through or the time is over. Tells how many were rejected. */
async function rejectedWithin(maxMs: number, transport: Transport): Promise<number> {
  const clock = fakeClock();
  const db = memoryDatabase();
  for (let i = 0; i < WRITES; i++) await db.put('todos', `${i}`, { description: `${i}` });
  const { connector } = testConnector({ transport, clock });
  for (let ms = 0; ms < maxMs && (await db.getUploadQueueStats()).count > 0; ms += 5_000) {
    await connector.drain(db);
    clock.advance(5_000);
  }
  return (await listRejected(db)).length;
}

const refused: Outcome = { status: 'rejected', error: new UploadError('invalid', 'NOT_NULL_VIOLATION') };

it('an hour in which everything is refused by codes costs ten writes at most', async () => {
  const broken: Transport = async ({ transactions }) => transactions.map(() => refused);
  expect(await rejectedWithin(HOUR, broken)).toBeLessThanOrEqual(10);
});

it.each([50, 1])(
  'one broken instance of two, with %d in a request, costs three in a hundred at most',
  async (most) => {
    let requests = 0;
    const half: Transport = async ({ transactions }) => {
      const isBroken = ++requests % 2 === 0;
      return transactions.map((_, index): Outcome => {
        if (index >= most) return { status: 'not_attempted' };
        return isBroken ? refused : { status: 'applied' };
      });
    };
    expect(await rejectedWithin(24 * HOUR, half)).toBeLessThanOrEqual(0.03 * WRITES);
  },
);
