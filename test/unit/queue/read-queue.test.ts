import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readQueue } from '../../../src/queue/read-queue.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

async function read(queue: FakeQueue, limit: number): Promise<number[][] | null> {
  const head = await readQueue(queue, limit);
  return head?.transactions.map((entries) => entries.map(({ clientId }) => clientId)) ?? null;
}

describe('readQueue', () => {
  it('is null for an empty queue', async () => {
    expect(await read(new FakeQueue(), 10)).toBeNull();
  });

  it('reads everything at once where it fits', async () => {
    const queue = new FakeQueue().write({}, {}).write({});
    expect(await read(queue, 10)).toEqual([[1, 2], [3]]);
    expect(queue.reads).toEqual([10]);
  });

  it('holds back the last transaction while entries follow, since the limit may have cut it', async () => {
    const queue = new FakeQueue().write({}).write({}, {}, {});
    expect(await read(queue, 3)).toEqual([[1]]);
  });

  it('holds it back also where the limit happens to meet its end, which cannot be seen', async () => {
    const queue = new FakeQueue().write({}).write({}, {}).write({});
    expect(await read(queue, 3)).toEqual([[1]]);
  });

  it('takes the last transaction when the limit ends at the end of the queue', async () => {
    const queue = new FakeQueue().write({}).write({}, {});
    expect(await read(queue, 3)).toEqual([[1], [2, 3]]);
  });

  it('reads on with four times the limit until a transaction longer than the limit is whole', async () => {
    const queue = new FakeQueue().write(...Array.from({ length: 9 }, () => ({}))).write({});
    expect(await read(queue, 2)).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9], [10]]);
    expect(queue.reads).toEqual([2, 8, 32]);
  });

  it('reads on where the limit is exactly the length of the first transaction and more is queued', async () => {
    const queue = new FakeQueue().write({}, {}).write({}, {}, {});
    expect(await read(queue, 2)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(queue.reads).toEqual([2, 8]);
  });

  it('takes the last transaction where it is seen to end, and asks about the last entry of each read', async () => {
    const queue = new FakeQueue().write({}, {}).write({}).write({});
    const asked: number[] = [];
    const head = await readQueue(queue, 3, async ({ clientId }) => {
      asked.push(clientId);
      return true;
    });
    expect(head?.transactions).toHaveLength(2);
    expect(asked).toEqual([3]);
  });

  it('reads on where a transaction longer than the limit is not seen to end', async () => {
    const queue = new FakeQueue().write({}, {}, {}).write({});
    const asked: number[] = [];
    const head = await readQueue(queue, 1, async ({ clientId }) => {
      asked.push(clientId);
      return false;
    });
    expect(head?.transactions).toHaveLength(2);
    expect(asked).toEqual([1, 4]);
  });

  it('does not hold back an entry without transaction id: nothing can belong to it', async () => {
    const queue = new FakeQueue().writeAlone().writeAlone().writeAlone();
    expect(await read(queue, 2)).toEqual([[1], [2]]);
    expect(queue.reads).toEqual([2]);
  });

  it('works with a limit of 1', async () => {
    expect(await read(new FakeQueue().write({}), 1)).toEqual([[1]]);
    expect(await read(new FakeQueue().writeAlone().writeAlone(), 1)).toEqual([[1]]);
    expect(await read(new FakeQueue().write({}, {}).write({}, {}, {}), 1)).toEqual([[1, 2]]);
  });

  it('hands on the handle it read the transactions from', async () => {
    const queue = new FakeQueue().write({}).write({}, {});
    const head = await readQueue(queue, 10);
    await head?.handle.complete();
    expect(queue.opIds).toEqual([]);
    expect(queue.completions).toEqual([3]);
  });

  it('gives whole transactions from the very head and at least one, whatever the limit', async () => {
    const shape = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 7 })), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(shape, fc.integer({ min: 1, max: 20 }), async (lengths, limit) => {
        const queue = new FakeQueue();
        const whole: number[][] = [];
        let opId = 0;
        for (const length of lengths) {
          if (length === 0) queue.writeAlone();
          else queue.write(...Array.from({ length }, () => ({})));
          whole.push(Array.from({ length: length || 1 }, () => ++opId));
        }
        const transactions = await read(queue, limit);
        expect(transactions?.length).toBeGreaterThan(0);
        expect(transactions).toEqual(whole.slice(0, transactions?.length));
      }),
    );
  });
});
