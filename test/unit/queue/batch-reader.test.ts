import { describe, expect, it } from 'vitest';
import { createBatchReader, type QueuedBatch } from '../../../src/queue/batch-reader.ts';
import { writeBorder } from '../../../src/queue/owner-borders.ts';
import { startDeadline } from '../../../src/time/deadline.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

interface World {
  queue?: FakeQueue;
  take?: (queued: readonly (readonly unknown[])[]) => unknown;
  transactions?: number;
  entries?: number;
  firstOffer?: number;
}

/** Reads batch after batch of what a strategy takes, which is all that it is offered unless told. */
function world({
  queue = queueOf(20),
  take = ({ length }) => length,
  transactions = 100,
  entries = 1_000,
  firstOffer = 2,
}: World = {}) {
  const offers: number[] = [];
  const reader = createBatchReader({
    batching(queued) {
      offers.push(queued.length);
      return take(queued) as number;
    },
    bounds: { transactions, entries },
    firstOffer,
  });
  const deadline = startDeadline(60_000);
  deadline.end();
  const read = async (most = Number.POSITIVE_INFINITY): Promise<QueuedBatch> => {
    const batch = await reader.next(queue, most, deadline);
    if (!batch) throw new Error('Nothing is queued.');
    return batch;
  };
  /** Reads a batch, and completes all of it or as many as told; returns its op ids. */
  const upload = async (settled?: number, isStopped = false): Promise<number[][]> => {
    const batch = await read();
    batch.lookAhead();
    expect(await batch.complete(settled ?? batch.transactions.length, isStopped)).toBe(true);
    return opIds(batch);
  };
  /** How often the SDK's table was looked at. */
  const looks = () => queue.statements.filter((sql) => sql.startsWith('WITH')).length;
  return { queue, reader, deadline, offers, read, upload, looks };
}

function queueOf(size: number): FakeQueue {
  const queue = new FakeQueue();
  for (let i = 0; i < size; i++) queue.write({ id: `${i}` });
  return queue;
}

const opIds = ({ transactions }: QueuedBatch) =>
  transactions.map((entries) => entries.map(({ clientId }) => clientId));

const reject = (queue: FakeQueue) => queue.execute('CREATE TABLE connector_rejected_writes (key TEXT)');

it('there is no batch of an empty queue', async () => {
  const { reader, queue, deadline, offers } = world({ queue: new FakeQueue() });
  expect(await reader.next(queue, 10, deadline)).toBeNull();
  expect(offers).toEqual([]);
});

describe('what the strategy is offered', () => {
  it('is four times what it took, as long as it takes all', async () => {
    const { upload, offers } = world({ queue: queueOf(60) });
    for (let batch = 0; batch < 3; batch++) await upload();
    expect(offers).toEqual([2, 8, 32]);
  });

  it('is no more than a batch may take', async () => {
    const { upload, offers } = world({ queue: queueOf(60), transactions: 5 });
    for (let batch = 0; batch < 3; batch++) await upload();
    expect(offers).toEqual([2, 5, 5]);
  });

  it('is one more than it took, where it takes fewer', async () => {
    const { upload, offers } = world({ take: () => 3, firstOffer: 10 });
    for (let batch = 0; batch < 2; batch++) await upload();
    expect(offers).toEqual([10, 4]);
  });

  it('is one more than the transport had room for', async () => {
    const { upload, offers } = world({ firstOffer: 10 });
    await upload(3);
    await upload();
    expect(offers).toEqual([10, 4]);
  });

  it('stays the same where one had to stay, which says nothing of how many are taken', async () => {
    const { upload, offers } = world({ firstOffer: 10 });
    await upload(3, true);
    await upload();
    expect(offers).toEqual([10, 10]);
  });

  it('is as many as may be sent now, of which no more are read', async () => {
    const { read, queue, offers } = world({ firstOffer: 10 });
    expect(opIds(await read(1))).toEqual([[1]]);
    expect(offers).toEqual([1]);
    expect(queue.reads).toEqual([1]);
  });

  it('is the entries of each transaction, in a copy', async () => {
    const seen: number[] = [];
    const { read } = world({
      queue: new FakeQueue().write({}, {}).write({}, {}, {}),
      take(queued) {
        for (const entries of queued) seen.push((entries as unknown[]).splice(0).length);
        return 2;
      },
    });
    expect(opIds(await read())).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    expect(seen).toEqual([2, 3]);
  });

  it.each([0, Number.NaN, '2', undefined])('is not sent where it answers %s', async (answer) => {
    await expect(world({ take: () => answer }).read()).rejects.toMatchObject({ code: 'misconfigured' });
  });

  it('is taken down to a whole number, and to what there is', async () => {
    expect(opIds(await world({ take: () => 1.9 }).read())).toEqual([[1]]);
    expect(opIds(await world({ take: () => 99 }).read())).toEqual([[1], [2]]);
  });
});

describe('what was seen behind a batch while it was under way', () => {
  it('is read without another look, where more than a batch follows', async () => {
    const { upload, looks } = world({ transactions: 2 });
    expect([await upload(), await upload(), await upload()]).toEqual([
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ]);
    expect(looks()).toBe(4); // the first, and one behind each
  });

  it('is read without another look, where it fills a batch with its entries', async () => {
    const { upload, looks } = world({ queue: queueOf(4), transactions: 10, entries: 2, firstOffer: 10 });
    expect([await upload(), await upload()]).toEqual([
      [[1], [2]],
      [[3], [4]],
    ]);
    expect(looks()).toBe(2);
  });

  it('is looked at again where there is room for what was queued since', async () => {
    const { upload, queue } = world({ queue: queueOf(3), transactions: 2 });
    await upload();
    queue.write({}, {});
    expect(await upload()).toEqual([[3], [4, 5]]);
  });

  it('is looked at again where the next batch may be larger', async () => {
    const { upload } = world();
    await upload();
    expect(await upload()).toHaveLength(8);
  });

  it('is not looked for where nothing is', async () => {
    const { upload, looks } = world({ queue: queueOf(2) });
    await upload();
    expect(looks()).toBe(1);
  });

  it('says nothing of another database', async () => {
    const { upload, reader, deadline } = world({ transactions: 2 });
    await upload();
    const another = new FakeQueue().write({}, {}, {}).write({});
    const batch = await reader.next(another, 10, deadline);
    expect(batch && opIds(batch)).toEqual([[1, 2, 3], [4]]);
  });

  it('says nothing where a transaction had to stay before it: that is read whole', async () => {
    const queue = new FakeQueue().write({}).write({}, {}, {}).write({}).write({}).write({});
    const { upload } = world({ queue, transactions: 2 });
    await upload(1, true);
    expect(await upload()).toEqual([[2, 3, 4], [5]]);
  });
});

describe('rejected writes', () => {
  it('are looked for in no table, where nothing was ever rejected', async () => {
    const { upload, read, queue } = world({ transactions: 2 });
    expect((await read()).mayHaveRejected).toBe(false);
    expect(queue.statements).toHaveLength(1);
    await upload();
    expect((await read()).mayHaveRejected).toBe(false);
  });

  it('may be there, where the first look sees their table', async () => {
    const { read, queue } = world();
    await reject(queue);
    expect((await read()).mayHaveRejected).toBe(true);
  });

  it('may be there, where another tab has made their table after the look', async () => {
    const { upload, read, queue } = world({ transactions: 2 });
    await upload();
    await reject(queue);
    expect((await read()).mayHaveRejected).toBe(true);
  });

  it('may be there without another question, where the look has seen their table', async () => {
    const { upload, read, queue } = world({ transactions: 2 });
    await reject(queue);
    await upload();
    const before = queue.statements.length;
    expect((await read()).mayHaveRejected).toBe(true);
    expect(queue.statements).toHaveLength(before);
  });
});

describe('owners', () => {
  it('end a batch where they change, and are told with it', async () => {
    const queue = new FakeQueue().write({});
    await queue.getAll('SELECT 1 FROM ps_crud');
    await writeBorder(queue, 'ada');
    const { read, upload } = world({ queue: queue.write({}).write({}) });
    expect(await read()).toMatchObject({ owner: undefined, ownerVersion: 1 });
    expect(await upload()).toEqual([[1]]);
    expect(await read()).toMatchObject({ owner: 'ada', ownerVersion: 1 });
    expect(await upload()).toEqual([[2], [3]]);
  });

  it('are asked for in no table where nobody was ever signed in', async () => {
    const { read, queue } = world();
    expect(await read()).toMatchObject({ owner: undefined, ownerVersion: 0 });
    expect(queue.statements).toHaveLength(1);
  });
});

describe('completing', () => {
  it('takes a handle that was prepared, which ends where the batch does', async () => {
    const { read, queue } = world({ take: () => 1 });
    const batch = await read();
    batch.lookAhead();
    expect(await batch.complete(1, false)).toBe(true);
    expect(queue.completions).toEqual([1]);
    expect(queue.reads).toEqual([2, 1, 1]); // the batch, its handle, and the head before it is completed
  });

  it('works without a look ahead', async () => {
    const { read, queue } = world();
    expect(await (await read()).complete(1, true)).toBe(true);
    expect(queue.completions).toEqual([1]);
  });

  it('is false, and completes nothing, where another tab was faster; that one says nothing of what is taken', async () => {
    const { read, upload, queue, offers } = world({ firstOffer: 4 });
    const batch = await read();
    batch.lookAhead();
    queue.removeThrough(4);
    expect(await batch.complete(1, false)).toBe(false);
    expect(queue.completions).toEqual([]);
    expect(await upload()).toEqual([[5], [6], [7], [8]]);
    expect(offers).toEqual([4, 4]);
  });
});
