import { fakeClock } from 'powersync-backend-connector/testing';
// How much of the queue is read for a batch, over the real SDK.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../src/error/upload-error.ts';
import { SURVEY } from '../../src/queue/survey.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { applied, applyAll, testConnector } from '../support/connector.ts';

let client: TestClient;
beforeEach(async () => {
  client = await openClient();
});
afterEach(() => closeClient(client));

/** Queues a local transaction for each length. */
async function write(...lengths: number[]): Promise<void> {
  for (const length of lengths) {
    await client.db.writeTransaction(async (tx) => {
      for (let i = 0; i < length; i++)
        await tx.execute("INSERT INTO lists (id, name) VALUES (uuid(), 'Milk')");
    });
  }
}

const times = (count: number, length: number) => Array.from({ length: count }, () => length);

/** A connector, with the lengths of the transactions of each batch that was applied, and the limits of all reads. */
function connect(options: Parameters<typeof testConnector>[0] = {}) {
  const batches: number[][] = [];
  const reads = vi.spyOn(client.db, 'getCrudBatch');
  const { connector } = testConnector({
    batching: { maxTransactions: 5 },
    transport: async (batch, context) => {
      batches.push(batch.transactions.map(({ entries }) => entries.length));
      return applyAll(batch, context);
    },
    ...options,
  });
  const sizes = () => batches.map((batch) => batch.length);
  const limits = () => reads.mock.calls.map(([limit]) => limit);
  const drain = async () =>
    expect(await connector.drain(client.db)).toMatchObject({ drained: true, remainingEntries: 0 });
  return { connector, drain, batches, sizes, limits };
}

/** What others do between the look at the table and the read that follows it. */
function afterNextLook(others: () => Promise<unknown>): void {
  const getAll = client.db.getAll.bind(client.db);
  const spy = vi.spyOn(client.db, 'getAll').mockImplementation(async (sql, parameters) => {
    const rows = await getAll(sql, parameters);
    if (sql !== SURVEY) return rows;
    spy.mockRestore();
    await others();
    return rows;
  });
}

describe('each batch', () => {
  it.each([
    ['of one length', times(30, 1)],
    ['of several entries', times(30, 3)],
    ['of mixed lengths', [...times(12, 2), 3, ...times(9, 2), 40, ...times(9, 2), 1, 1, 7, ...times(5, 9)]],
  ])(
    'is read once, as large as possible, and the head is checked before its completion: %s',
    async (_, lengths) => {
      await write(...lengths);
      const { drain, batches, sizes, limits } = connect();
      await drain();
      expect(batches.flat()).toEqual(lengths);
      expect(sizes().filter((size) => size < 5).length).toBeLessThan(3); // one that is too long for its batch, and the last
      const entries = batches.map((batch) => batch.reduce((sum, length) => sum + length));
      expect(limits()).toEqual([...entries.flatMap((count) => [count, 1]), expect.any(Number)]);
    },
  );

  it('is as large as others if entries have no transaction id', async () => {
    const data = JSON.stringify({ op: 'PUT', type: 'lists', id: 'a', data: {} });
    for (let i = 0; i < 20; i++) await client.db.execute('INSERT INTO ps_crud (data) VALUES (?)', [data]);
    const { drain, batches } = connect();
    await drain();
    expect(batches).toEqual(times(4, 0).map(() => times(5, 1)));
  });

  it.each([0, 1, 7])(
    'has a transaction of 300 alone and whole, read at once, with %i behind it',
    async (behind) => {
      await write(300, ...times(behind, 1));
      const { drain, batches, limits } = connect();
      await drain();
      expect(batches[0]).toEqual([300]);
      expect(batches.flat()).toEqual([300, ...times(behind, 1)]);
      expect(limits().slice(0, 2)).toEqual([300, 1]);
    },
  );

  it('is read in another way if the table of the queue has another form', async () => {
    await write(...times(30, 2), 300, 1);
    const getAll = client.db.getAll.bind(client.db);
    const looks = vi.spyOn(client.db, 'getAll').mockImplementation(async (sql, parameters) => {
      if (sql === SURVEY) throw new Error('no such column: tx_id');
      return getAll(sql, parameters);
    });
    const { drain, batches, sizes } = connect();
    await drain();
    expect(looks.mock.calls.filter(([sql]) => sql === SURVEY)).not.toEqual([]);
    expect(batches.flat()).toEqual([...times(30, 2), 300, 1]);
    expect(sizes()).toEqual([5, 5, 5, 5, 5, 5, 1, 1]);
  });
});

describe('the look at the table', () => {
  /** The op ids behind which was looked, in order. */
  function looks(): () => number[] {
    const spy = vi.spyOn(client.db, 'getAll');
    return () => spy.mock.calls.filter(([sql]) => sql === SURVEY).map(([, parameters]) => parameters?.[0]);
  }

  it('happens for the next batch while one is in progress, and never if nothing follows', async () => {
    await write(...times(17, 2));
    const behind = looks();
    const { drain, sizes } = connect();
    await drain();
    expect(sizes()).toEqual([5, 5, 5, 2]);
    expect(behind()).toEqual([0, 10, 20, 30, 0, 0]); // what is behind 30 is the end, so it is looked at anew
  });

  it('is repeated if it had seen the end, because more may have been queued since', async () => {
    await write(...times(7, 1));
    const { connector, sizes } = connect();
    await connector.uploadData(client.db);
    await write(...times(7, 1));
    await connector.uploadData(client.db);
    expect(sizes()).toEqual([5, 5]);
  });

  it('is repeated after a batch of which a part stayed', async () => {
    await write(...times(12, 1));
    const behind = looks();
    const sent: number[] = [];
    const { connector } = connect({
      transport: async ({ transactions }) => {
        sent.push(transactions.length);
        return transactions.map((_, index) =>
          index < 2 || sent.length > 1 ? applied() : ({ status: 'not_attempted' } as const),
        );
      },
    });
    await connector.drain(client.db);
    expect(sent).toEqual([5, 3, 5, 2]);
    expect(behind().slice(0, 3)).toEqual([0, 5, 0]);
  });

  it('can be old: what others have removed since does not matter, and nothing is split', async () => {
    await write(...times(5, 1), 3, 3, 3, 3, 3, 3); // op ids 6-8 and so on are next
    const { connector, batches } = connect();
    await connector.uploadData(client.db);
    await client.db.execute('DELETE FROM ps_crud WHERE id <= 11');
    await connector.uploadData(client.db);
    await client.db.disconnectAndClear();
    await write(2, 1);
    await connector.uploadData(client.db);
    expect(batches).toEqual([times(5, 1), [3, 3, 3], [2, 1]]);
  });
});

describe('no batch is smaller than it has to be', () => {
  it('behind a boundary between owners', async () => {
    await write(1);
    const { connector, drain, sizes } = connect();
    await connector.setOwner(client.db, 'ada');
    await write(...times(12, 1));
    await drain();
    expect(sizes()).toEqual([1, 5, 5, 2]);
  });

  it('for long, if the transport had no room for more', async () => {
    await write(...times(60, 1));
    let room = 3;
    const { drain, limits } = connect({
      batching: { maxTransactions: 20 },
      transport: async ({ transactions }) => {
        const outcomes = transactions.map((_, index) =>
          index < room ? applied() : ({ status: 'not_attempted' } as const),
        );
        if (transactions.length <= room) room = 20;
        return outcomes;
      },
    });
    room = 3;
    await drain();
    const reads = limits().filter((limit) => limit !== 1);
    expect(reads[0]).toBe(20);
    expect(Math.max(...(reads.slice(1, 6) as number[]))).toBe(4); // one more than there was room for
  });

  it('once the breaker has closed again', async () => {
    await write(...times(60, 1));
    const clock = fakeClock();
    let isBroken = true;
    const sizes: number[] = [];
    const { connector } = connect({
      clock,
      batching: { maxTransactions: 10 },
      transport: async (batch, context) => {
        if (isBroken) throw new UploadError('invalid', 'Refused.');
        sizes.push(batch.transactions.length);
        return applyAll(batch, context);
      },
    });
    for (let i = 0; i < 5; i++) {
      await connector.drain(client.db);
      clock.advance(3_600_000);
    }
    isBroken = false;
    await connector.drain(client.db);
    expect(sizes.slice(0, 2)).toEqual([1, 10]);
  });

  it('after an outage, which lowers the limit; each is still read once', async () => {
    await write(...times(100, 2));
    const clock = fakeClock();
    let failures = 2;
    const sizes: number[] = [];
    const { connector, limits } = connect({
      clock,
      batching: { maxTransactions: 10 },
      transport: async (batch, context) => {
        if (failures-- > 0) throw new UploadError('network', 'No network.');
        sizes.push(batch.transactions.length);
        return applyAll(batch, context);
      },
    });
    for (let i = 0; i < 3; i++) {
      await connector.drain(client.db);
      clock.advance(3_600_000);
    }
    expect(sizes.slice(0, 7)).toEqual([5, 6, 7, 8, 9, 10, 10]);
    expect(limits()).toEqual([20, 20, ...sizes.flatMap((size) => [2 * size, 1]), expect.any(Number)]);
  });
});

describe('a strategy of the app', () => {
  it('is called once for each batch, with one transaction more than it took', async () => {
    await write(...times(120, 1));
    const offers: number[] = [];
    const { drain } = connect({
      batching: (queued) => {
        offers.push(queued.length);
        return 20;
      },
    });
    await drain();
    expect(offers).toEqual([100, 21, 21, 21, 21, 20]);
  });

  it('gets more and more while it takes all', async () => {
    await write(...times(700, 1));
    const { drain, sizes } = connect({ batching: (queued) => queued.length });
    await drain();
    expect(sizes()).toEqual([100, 400, 200]);
  });
});

describe('while others change the queue between the look and the read', () => {
  /** Op ids of all transactions that were sent, first and last. */
  async function spans(others: () => Promise<unknown>): Promise<(string | undefined)[]> {
    const sent: (string | undefined)[] = [];
    const { connector } = testConnector({
      batching: { maxTransactions: 5 },
      transport: async (batch, context) => {
        sent.push(...batch.transactions.map(({ key }) => key.split(':')[1]));
        return applyAll(batch, context);
      },
    });
    afterNextLook(others);
    await connector.uploadData(client.db);
    return sent;
  }

  it.each([
    ['others have completed a part of it', 'DELETE FROM ps_crud WHERE id <= 4'],
    ['others have completed it up to a transaction in its middle', 'DELETE FROM ps_crud WHERE id <= 7'],
  ])('no transaction is split: %s', async (_, sql) => {
    await write(1, 1, 1, 1, 3, 3, 3); // 5-7, 8-10, 11-13
    const sent = await spans(() => client.db.execute(sql));
    for (const span of sent) expect(['5-7', '8-10', '11-13']).toContain(span);
    expect(sent.length).toBeGreaterThan(0);
  });

  it('no transaction is split: the queue was cleared, and written to again', async () => {
    await write(1, 1, 1, 1, 1);
    const sent = await spans(async () => {
      await client.db.disconnectAndClear();
      await write(8, 1);
    });
    expect(sent).toEqual(['6-13', '14-14']);
  });

  it("another user's first write does not go out with those before it", async () => {
    await write(1, 1);
    const { connector: other } = testConnector();
    const sent = await spans(async () => {
      await client.db.execute('DELETE FROM ps_crud WHERE id = 1');
      await other.setOwner(client.db, 'bob');
      await write(1);
    });
    expect(sent).toEqual(['2-2']);
  });
});
