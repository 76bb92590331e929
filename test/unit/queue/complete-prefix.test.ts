import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CrudBatchLike } from '../../../src/database/database.ts';
import { completePrefix, handleFor } from '../../../src/queue/complete-prefix.ts';
import { type QueueHead, readQueue } from '../../../src/queue/read-queue.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

async function readHead(queue: FakeQueue, limit = 100): Promise<QueueHead> {
  const head = await readQueue(queue, { transactions: limit, entries: limit });
  if (!head) throw new Error('the queue is empty');
  return head;
}

const lastOf = (handle: CrudBatchLike | null) => handle?.crud[handle.crud.length - 1]?.clientId;

describe('handleFor', () => {
  it('is the handle that was read, where it ends with what is sent: no second read', async () => {
    const queue = new FakeQueue().write({}, {}).write({});
    const head = await readHead(queue);
    expect(await handleFor(queue, head, head.transactions)).toBe(head.handle);
    expect(queue.reads).toHaveLength(1);
  });

  it('is another one that ends with what is sent, where that is less than was read', async () => {
    const queue = new FakeQueue().write({}, {}).write({}).write({});
    const head = await readHead(queue);
    expect(lastOf(await handleFor(queue, head, head.transactions.slice(0, 1)))).toBe(2);
    expect(lastOf(await handleFor(queue, head, head.transactions.slice(0, 2)))).toBe(3);
  });

  it('is null where the database fails: the batch is on its way, and another can be had later', async () => {
    const queue = new FakeQueue().write({}).write({});
    const head = await readHead(queue);
    queue.getCrudBatch = () => Promise.reject(new Error('database is locked'));
    expect(await handleFor(queue, head, head.transactions.slice(0, 1))).toBeNull();
  });
});

it('completePrefix() looks once where that look ends with what is settled', async () => {
  const queue = new FakeQueue().write({}, {}).write({});
  const { transactions } = await readHead(queue);
  queue.reads.length = 0;
  expect(await completePrefix(queue, transactions, null)).toBe(true);
  expect(queue.reads).toEqual([3]);
});

/** Where the handle comes from that a completion is given. */
type Source = (queue: FakeQueue, head: QueueHead, count: number) => Promise<CrudBatchLike | null>;

const SOURCES: [string, Source][] = [
  [
    'the handle for what was sent',
    (queue, head, count) => handleFor(queue, head, head.transactions.slice(0, count)),
  ],
  ['the handle for a longer batch, of which only a part was settled', async (_, head) => head.handle],
  ['a handle that ends too early', (queue) => queue.getCrudBatch(1)],
  ['no handle', async () => null],
];

describe.each(SOURCES)('completePrefix with %s', (_, source) => {
  /** Reads, lets something happen while the batch is on its way, and completes. */
  async function run(queue: FakeQueue, count: number, meanwhile: () => void = () => {}, limit = 100) {
    const head = await readHead(queue, limit);
    const handle = await source(queue, head, count);
    meanwhile();
    return completePrefix(queue, head.transactions.slice(0, count), handle);
  }

  it('completes everything that was read', async () => {
    const queue = new FakeQueue().write({}, {}).write({});
    expect(await run(queue, 2)).toBe(true);
    expect(queue.opIds).toEqual([]);
    expect(queue.completions).toEqual([3]);
  });

  it('completes a part of what was read, up to exactly its last entry', async () => {
    const queue = new FakeQueue().write({}, {}).write({}).write({});
    expect(await run(queue, 1)).toBe(true);
    expect(queue.opIds).toEqual([3, 4]);
    expect(queue.completions).toEqual([2]);
  });

  it('completes nothing of a transaction that was read in part and held back', async () => {
    const queue = new FakeQueue().write({}).write({}, {}, {});
    expect(await run(queue, 1, undefined, 3)).toBe(true);
    expect(queue.opIds).toEqual([2, 3, 4]);
  });

  it.each([
    [2, [3, 4]],
    [1, [2, 3, 4]],
  ])('keeps writes queued while %i transactions were on their way', async (count, left) => {
    const queue = new FakeQueue().write({}).write({});
    expect(await run(queue, count, () => queue.write({}).write({}))).toBe(true);
    expect(queue.opIds).toEqual(left);
  });

  describe.each([3, 2])('when %i of 3 transactions are settled and', (count) => {
    const three = () => new FakeQueue().write({}).write({}).write({});

    it('another tab completed them first, makes no stale completion: that would freeze downloads', async () => {
      const queue = three();
      expect(await run(queue, count, () => queue.removeThrough(3))).toBe(false);
      expect(queue.completions).toEqual([]);
    });

    it('another tab completed them first, leaves new writes alone', async () => {
      const queue = three();
      const meanwhile = () => {
        queue.removeThrough(3);
        queue.write({}).write({}).write({});
      };
      expect(await run(queue, count, meanwhile)).toBe(false);
      expect(queue.opIds).toEqual([4, 5, 6]);
      expect(queue.completions).toEqual([]);
    });

    it('another tab completed the first of them, completes what is left of them, and nothing else', async () => {
      const queue = three();
      const meanwhile = () => {
        queue.removeThrough(1);
        queue.write({});
      };
      expect(await run(queue, count, meanwhile)).toBe(true);
      expect(queue.opIds).toEqual([2, 3, 4].filter((opId) => opId > count));
      expect(queue.staleCompletions).toBe(0);
    });

    it('the queue was cleared, does nothing', async () => {
      const queue = three();
      expect(await run(queue, count, () => queue.clear())).toBe(false);
      expect(queue.completions).toEqual([]);
    });

    it('the queue was cleared and filled again, removes no write that was never sent', async () => {
      const queue = three();
      const meanwhile = () => {
        queue.clear();
        queue.write({}).write({}).write({}).write({});
      };
      expect(await run(queue, count, meanwhile)).toBe(false);
      expect(queue.opIds).toEqual([4, 5, 6, 7]);
      expect(queue.completions).toEqual([]);
    });
  });

  it('completes what is left where another tab completed the first entries of a settled transaction', async () => {
    const queue = new FakeQueue().write({}, {}, {}).write({}).write({});
    expect(await run(queue, 2, () => queue.removeThrough(2))).toBe(true);
    expect(queue.opIds).toEqual([5]);
  });

  it('removes no write that was never sent when one in the middle of those sent was deleted by hand', async () => {
    const queue = new FakeQueue().write({}).write({}).write({}).write({}).write({});
    await run(queue, 3, () => queue.removeOne(2)).catch((thrown) => {
      expect(thrown).toMatchObject({ code: 'unknown' });
      expect(queue.completions).toEqual([]);
    });
    expect(queue.opIds).toEqual(expect.arrayContaining([4, 5]));
  });

  it('says so when the database fails, instead of reporting a completion', async () => {
    const queue = new FakeQueue().write({});
    const fail = () => {
      queue.getCrudBatch = () => Promise.reject(new Error('disk I/O error'));
    };
    await expect(run(queue, 1, fail)).rejects.toThrow('disk I/O error');
  });

  it('removes exactly what is left of the settled ones, whatever happened before and after the handle was read', async () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('write' as const), length: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ type: fc.constant('clear' as const) }),
      fc.record({ type: fc.constant('remove' as const), through: fc.integer({ min: 0, max: 15 }) }),
    );
    type Event = typeof event extends fc.Arbitrary<infer Value> ? Value : never;
    const happen = (queue: FakeQueue, events: readonly Event[]) => {
      for (const each of events) {
        if (each.type === 'clear') queue.clear();
        else if (each.type === 'remove') queue.removeThrough(each.through);
        else queue.write(...Array.from({ length: each.length }, () => ({})));
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.array(event, { maxLength: 2 }),
        fc.array(event, { maxLength: 3 }),
        async (lengths, limit, share, early, late) => {
          const queue = new FakeQueue();
          for (const length of lengths) {
            if (length === 0) queue.writeAlone();
            else queue.write(...Array.from({ length }, () => ({})));
          }
          const head = await readHead(queue, limit);
          const count = 1 + Math.floor(share * (head.transactions.length - 1));
          const settled = head.transactions.slice(0, count);
          const opIds = settled.flat().map(({ clientId }) => clientId);
          happen(queue, early);
          const handle = await source(queue, head, count);
          happen(queue, late);
          const before = queue.opIds;
          const done = await completePrefix(queue, settled, handle);
          expect(queue.staleCompletions).toBe(0);
          expect(done).toBe(opIds.includes(before[0] ?? 0));
          expect(queue.opIds).toEqual(before.filter((opId) => !opIds.includes(opId)));
        },
      ),
    );
  });
});

describe('where the head is the same but the entries behind it changed', () => {
  async function run(limit: number, removed: number, handleLimit?: number) {
    const queue = new FakeQueue().write({}).write({}).write({}).write({}).write({});
    const { transactions } = await readHead(queue, limit);
    const handle = handleLimit === undefined ? null : await queue.getCrudBatch(handleLimit);
    queue.removeOne(removed);
    return { queue, done: completePrefix(queue, transactions.slice(0, 3), handle) };
  }

  it.each<[string, number, number | undefined]>([
    ['one in the middle is gone', 2, undefined],
    ['the last one is gone', 3, undefined],
    ['the handle reaches further than what was sent', 2, 5],
  ])('is tried again, and says so, instead of passing for moved: %s', async (_, removed, handleLimit) => {
    const { queue, done } = await run(100, removed, handleLimit);
    await expect(done).rejects.toMatchObject({ name: 'UploadError', code: 'unknown' });
    expect(queue.completions).toEqual([]);
    expect(queue.opIds).toEqual([1, 2, 3, 4, 5].filter((opId) => opId !== removed));
  });

  it('completes all the same with a handle that ends at exactly the last settled entry', async () => {
    const { queue, done } = await run(100, 2, 3);
    expect(await done).toBe(true);
    expect(queue.opIds).toEqual([4, 5]);
  });
});
