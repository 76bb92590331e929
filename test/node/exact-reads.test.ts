import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readSurroundings } from '../../src/owners/borders.ts';
import type { ConnectorDatabase, CrudEntryLike } from '../../src/queue/database.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { applyAll, testConnector } from '../support/connector.ts';

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

/** Drains in batches of 5 transactions; returns the lengths of the transactions of each batch, and what was read. */
async function drain(database: ConnectorDatabase = client.db) {
  const batches: number[][] = [];
  const reads = vi.spyOn(client.db, 'getCrudBatch');
  const { connector } = testConnector({
    batching: { maxTransactions: 5 },
    transport: async (batch, context) => {
      batches.push(batch.transactions.map(({ entries }) => entries.length));
      return applyAll(batch, context);
    },
  });
  expect(await connector.drain(database)).toMatchObject({ drained: true, remaining: 0 });
  return { batches, limits: reads.mock.calls.map(([limit]) => limit) };
}

describe('where transactions are of one length', () => {
  it.each([1, 3])(
    'each batch is read once, and a look at the head precedes its completion: %i',
    async (length) => {
      await write(...times(30, length));
      const { batches, limits } = await drain();
      expect(batches).toEqual(times(6, 0).map(() => times(5, length)));
      const batch = 5 * length;
      // The first batch doesn't know yet, and needs a second handle; the last read finds nothing.
      expect(limits).toEqual([
        10,
        ...(length > 1 ? [40] : []),
        batch,
        1,
        ...times(5, 0).flatMap(() => [batch, 1]),
        batch,
      ]);
    },
  );

  it('no transaction is split where one of another length follows', async () => {
    const lengths = [...times(12, 2), 3, ...times(9, 2), 40, ...times(9, 2), 1, 1, 7];
    await write(...lengths);
    const { batches } = await drain();
    expect(batches.flat()).toEqual(lengths);
  });

  it('batches are no smaller for it', async () => {
    await write(...times(23, 1), ...times(20, 4), ...times(22, 1));
    const { batches } = await drain();
    expect(batches.map((batch) => batch.length)).toEqual(times(13, 5));
  });

  it('entries without a transaction id are as good', async () => {
    const data = JSON.stringify({ op: 'PUT', type: 'lists', id: 'a', data: {} });
    for (let i = 0; i < 20; i++) await client.db.execute('INSERT INTO ps_crud (data) VALUES (?)', [data]);
    const { batches } = await drain();
    expect(batches).toEqual(times(4, 0).map(() => times(5, 1)));
  });

  it('a database whose table of the queue looks otherwise is drained all the same', async () => {
    await write(...times(30, 2));
    const getAll = client.db.getAll.bind(client.db);
    vi.spyOn(client.db, 'getAll').mockImplementation(async (sql, parameters) => {
      if (sql.includes('tx_id') && !sql.includes('data')) throw new Error('no such column: tx_id');
      return getAll(sql, parameters);
    });
    const { batches } = await drain();
    expect(batches.flat()).toEqual(times(30, 2));
  });
});

describe('a transaction that is longer than what is read', () => {
  it.each([0, 1, 7])(
    'is read as far as it goes, and sent whole and alone, with %i behind it',
    async (behind) => {
      await write(300, ...times(behind, 1));
      const { batches, limits } = await drain();
      expect(batches[0]?.[0]).toBe(300);
      expect(batches.flat()).toEqual([300, ...times(behind, 1)]);
      expect(limits.slice(0, 2)).toEqual([10, 300]);
    },
  );

  it('is counted up to the next one, also where op ids are missing in it', async () => {
    await write(60, 1);
    await client.db.execute('DELETE FROM ps_crud WHERE id = 40');
    const { batches, limits } = await drain();
    expect(batches.flat()).toEqual([59, 1]);
    expect(limits.slice(0, 2)).toEqual([10, 59]);
  });
});

describe('readSurroundings', () => {
  const entries = async (): Promise<readonly CrudEntryLike[]> =>
    (await client.db.getCrudBatch(100))?.crud ?? [];
  const ends = async (index: number): Promise<boolean> =>
    (await readSurroundings(client.db, (await entries())[index] as CrudEntryLike)).endsTransaction;

  it.each(['without borders', 'with borders'])('sees where a transaction ends, %s', async (which) => {
    if (which === 'with borders') await testConnector().connector.setOwner(client.db, 'ada');
    await write(2, 1, 1);
    expect([await ends(0), await ends(1), await ends(2), await ends(3)]).toEqual([false, true, true, false]);
    const last = (await entries())[1] as CrudEntryLike;
    const { borders } = await readSurroundings(client.db, last);
    expect(borders.map(({ owner }) => owner)).toEqual(which === 'with borders' ? ['ada'] : []);
  });

  it('sees a border that another tab has written since', async () => {
    await write(1, 1);
    expect((await readSurroundings(client.db, (await entries())[0] as CrudEntryLike)).borders).toEqual([]);
    await client.db.execute(
      'CREATE TABLE connector_owners (from_op_id INTEGER PRIMARY KEY NOT NULL, owner TEXT, version INTEGER NOT NULL)',
    );
    await client.db.execute("INSERT INTO connector_owners VALUES (1, 'ada', 1)");
    expect((await readSurroundings(client.db, (await entries())[0] as CrudEntryLike)).borders).toHaveLength(
      1,
    );
  });

  it.each([['7'], [null], [undefined], [7n]])(
    'sees nothing in an answer of another type: %o',
    async (behind) => {
      const getAll = async () => [{ isThere: 0, behind }] as never[];
      const last = { clientId: 1, op: 'PUT', table: 'lists', id: 'a', transactionId: 6 };
      expect(await readSurroundings({ ...client.db, getAll } as never, last)).toEqual({
        borders: [],
        endsTransaction: false,
      });
    },
  );

  it('fails where the borders can not be read: nothing may be sent then', async () => {
    const getAll = async () => {
      throw new Error('database is locked');
    };
    const last = { clientId: 1, op: 'PUT', table: 'lists', id: 'a', transactionId: 6 };
    await expect(readSurroundings({ ...client.db, getAll } as never, last)).rejects.toThrow('locked');
  });
});
