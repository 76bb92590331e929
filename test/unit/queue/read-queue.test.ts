import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readQueue } from '../../../src/queue/read-queue.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

async function read(queue: FakeQueue, transactions: number, entries = 1_000): Promise<number[][] | null> {
  const head = await readQueue(queue, { transactions, entries });
  return head?.transactions.map((each) => each.map(({ clientId }) => clientId)) ?? null;
}

/** One whose table can't be looked at. */
function unreadable(queue: FakeQueue): FakeQueue {
  queue.broken = /ps_crud/;
  return queue;
}

/** What others do between the look at the table and the read. */
function afterTheLook(queue: FakeQueue, others: () => void): void {
  const getAll = queue.getAll.bind(queue);
  queue.getAll = async (sql, parameters) => {
    const rows = await getAll(sql, parameters);
    others();
    return rows as never;
  };
}

const aTransactionOf = (length: number) => Array.from({ length }, () => ({}));

describe('readQueue', () => {
  it('is null for an empty queue', async () => {
    expect(await read(new FakeQueue(), 10)).toBeNull();
    expect(await read(unreadable(new FakeQueue()), 10)).toBeNull();
  });

  it('reads exactly what the bounds allow, once, by a handle that ends there', async () => {
    const queue = new FakeQueue().write({}, {}).write({}).write({}, {}, {}).write({});
    expect(await read(queue, 3)).toEqual([[1, 2], [3], [4, 5, 6]]);
    expect(queue.reads).toEqual([6]);
    const head = await readQueue(queue, { transactions: 10, entries: 5 });
    expect(queue.reads).toEqual([6, 3]);
    await head?.handle.complete();
    expect(queue.completions).toEqual([3]);
  });

  it('reads one transaction whole in any case, and at once', async () => {
    const queue = new FakeQueue().write(...aTransactionOf(3_000)).write({});
    expect((await read(queue, 50))?.map((entries) => entries.length)).toEqual([3_000]);
    expect(queue.reads).toEqual([3_000]);
  });

  it('leaves out what only comes into reach because others have shortened the queue meanwhile', async () => {
    const queue = new FakeQueue().write({}).write({}, {}).write({}, {});
    afterTheLook(queue, () => queue.removeThrough(1));
    expect(await read(queue, 2)).toEqual([[2, 3]]);
    expect(queue.reads).toEqual([3]); // of which the last entry is the half of a transaction
  });

  it('reads without it where all that was seen is gone', async () => {
    const queue = new FakeQueue().write({}).write({}, {});
    afterTheLook(queue, () => queue.removeThrough(1));
    expect(await read(queue, 1)).toEqual([[2, 3]]);
    const cleared = new FakeQueue().write({});
    afterTheLook(cleared, () => cleared.clear());
    expect(await read(cleared, 1)).toBeNull();
  });

  it('says whether owners may have been written down', async () => {
    const queue = new FakeQueue().write({});
    expect(await readQueue(queue, { transactions: 1, entries: 1 })).toMatchObject({ mayHaveOwners: false });
    await queue.execute('CREATE TABLE connector_owners (from_op_id INTEGER)');
    expect(await readQueue(queue, { transactions: 1, entries: 1 })).toMatchObject({ mayHaveOwners: true });
  });

  it('gives whole transactions from the very head and at least one, whatever the bounds', async () => {
    const shape = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 7 })), {
      minLength: 1,
      maxLength: 12,
    });
    const most = fc.integer({ min: 1, max: 20 });
    await fc.assert(
      fc.asyncProperty(shape, most, most, fc.boolean(), async (lengths, transactions, entries, canLook) => {
        const queue = new FakeQueue();
        const whole: number[][] = [];
        let opId = 0;
        for (const length of lengths) {
          if (length === 0) queue.writeAlone();
          else queue.write(...aTransactionOf(length));
          whole.push(Array.from({ length: length || 1 }, () => ++opId));
        }
        const found = await read(canLook ? queue : unreadable(queue), transactions, entries);
        expect(found?.length).toBeGreaterThan(0);
        expect(found).toEqual(whole.slice(0, found?.length));
      }),
    );
  });
});

describe('where the table can not be looked at', () => {
  it('reads everything at once where it fits', async () => {
    const queue = unreadable(new FakeQueue().write({}, {}).write({}));
    expect(await read(queue, 10)).toEqual([[1, 2], [3]]);
    expect(queue.reads).toEqual([201]);
  });

  it('holds back the last transaction while entries follow, since the limit may have cut it', async () => {
    const queue = unreadable(new FakeQueue().write({}).write({}, {}, {}));
    expect(await read(queue, 10, 2)).toEqual([[1]]);
    expect(queue.reads).toEqual([3]);
  });

  it('holds back the last one alone', async () => {
    const queue = unreadable(new FakeQueue().write({}).write({}).write({}).write({}).write({}));
    expect(await read(queue, 10, 3)).toEqual([[1], [2], [3]]);
  });

  it('holds it back also where the limit happens to meet its end, which cannot be seen', async () => {
    const queue = unreadable(new FakeQueue().write({}).write({}, {}).write({}));
    expect(await read(queue, 10, 2)).toEqual([[1]]);
  });

  it('takes the last transaction when the limit ends at the end of the queue', async () => {
    const queue = unreadable(new FakeQueue().write({}).write({}, {}));
    expect(await read(queue, 10, 2)).toEqual([[1], [2, 3]]);
  });

  it('reads on with twice the limit until a transaction longer than the limit is whole', async () => {
    const queue = unreadable(new FakeQueue().write(...aTransactionOf(9)).write({}));
    expect(await read(queue, 10, 1)).toEqual([[1, 2, 3, 4, 5, 6, 7, 8, 9], [10]]);
    expect(queue.reads).toEqual([2, 4, 8, 16]);
  });

  it('does not hold back an entry without transaction id: nothing can belong to it', async () => {
    const queue = unreadable(new FakeQueue().writeAlone().writeAlone().writeAlone());
    expect(await read(queue, 10, 1)).toEqual([[1], [2]]);
    expect(queue.reads).toEqual([2]);
  });

  it('owners may have been written down, and some of it may have been rejected', async () => {
    const queue = unreadable(new FakeQueue().write({}));
    expect(await readQueue(queue, { transactions: 1, entries: 1 })).toMatchObject({
      mayHaveOwners: true,
      mayHaveRejected: true,
    });
  });
});
