import { type Transport, UploadError } from 'powersync-backend-connector';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, applied, queued, testConnector } from '../support/connector.ts';

describe('P1: a transaction leaves the queue only after proof', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, 'a', 'b', 'c');
  });
  afterEach(() => closeClient(client));

  it('completes what the backend applied', async () => {
    const { connector } = testConnector();
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
  });

  const saysNothing: [string, Transport, string][] = [
    ['throws a string', async () => Promise.reject('no'), 'unknown'],
    ['throws undefined', async () => Promise.reject(undefined), 'unknown'],
    ['throws before it returns a promise', () => raise(new RangeError('bug')), 'unknown'],
    ['returns nothing', (async () => undefined) as unknown as Transport, 'misconfigured'],
    ['returns too few outcomes', async () => [applied(), applied()], 'misconfigured'],
    ['returns too many outcomes', async () => [1, 2, 3, 4].map(applied), 'misconfigured'],
    [
      'returns an unknown status',
      (async () => [applied(), { status: 'ok' }, applied()]) as unknown as Transport,
      'misconfigured',
    ],
    ['returns null outcomes', (async () => [null, null, null]) as unknown as Transport, 'misconfigured'],
    [
      'attempts nothing',
      async ({ transactions }) => transactions.map(() => ({ status: 'not_attempted' })),
      'misconfigured',
    ],
    [
      'rejects without saying why',
      (async () => [1, 2, 3].map(() => ({ status: 'rejected' }))) as unknown as Transport,
      'unknown',
    ],
    ['fails in fetch', async () => raise(new TypeError('fetch failed')), 'network'],
  ];
  it.each(saysNothing)('keeps everything when the transport %s', async (_, transport, code) => {
    const { connector } = testConnector({ transport });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ name: 'UploadError', code });
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
    expect(connector.status).toMatchObject({ phase: 'waiting', queuedEntries: 3, lastError: { code } });
  });

  it('keeps everything when the transport never settles, and ends at the deadline', async () => {
    const transport: Transport = () => new Promise(() => {});
    const { connector } = testConnector({ transport, retry: { timeoutMs: 30 } });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
  });

  it('ignores an answer that comes after the deadline', async () => {
    let answer = (): void => {};
    const transport: Transport = ({ transactions }) =>
      new Promise((resolve) => {
        answer = () => resolve(transactions.map(applied));
      });
    const { connector } = testConnector({ transport, retry: { timeoutMs: 30 } });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    answer();
    await client.db.get('SELECT 1');
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
  });

  it('records a rejected transaction before it leaves, with all that is needed to write it again', async () => {
    const { connector, events } = testConnector({
      transport: async () => [
        applied(),
        {
          status: 'rejected',
          error: new UploadError('conflict', 'taken'),
          entryIndex: 0,
          details: { field: 'x' },
        },
        applied(),
      ],
    });
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
    const [row, ...others] = await client.db.getAll<Record<string, string>>(
      'SELECT * FROM connector_rejected_writes',
    );
    expect(others).toEqual([]);
    expect(row).toMatchObject({ code: 'conflict', entry_index: 0, details: '{"field":"x"}' });
    expect(JSON.parse(row?.entries ?? '')).toMatchObject([
      { op: 'PUT', table: 'todos', opData: { description: 'b' } },
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'rejected',
        code: 'conflict',
        tables: ['todos'],
        decision: 'complete',
      }),
    );
    expect(connector.status.counters).toMatchObject({ applied: 2, rejected: 1 });
  });

  it('keeps a rejected transaction when it cannot be recorded', async () => {
    const { connector } = testConnector({
      transport: async () => [
        applied(),
        { status: 'rejected', error: new UploadError('invalid', 'no') },
        applied(),
      ],
    });
    const execute = client.db.execute.bind(client.db);
    client.db.execute = (sql, parameters) =>
      sql.includes('INTO connector_rejected')
        ? Promise.reject(new Error('SQLITE_FULL'))
        : execute(sql, parameters);
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({
      cause: { message: 'SQLITE_FULL' },
    });
    expect(await queued(client)).toEqual(['b', 'c']);
    expect(connector.status.phase).toBe('held');
  });

  it('records once when it is killed between recording and completing', async () => {
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no') })),
    });
    const getCrudBatch = client.db.getCrudBatch.bind(client.db);
    let reads = 0;
    client.db.getCrudBatch = async (limit) => {
      if (++reads === 2) throw new Error('killed before completing');
      return getCrudBatch(limit);
    };
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    expect(await queued(client)).toEqual(['a', 'b', 'c']);
    const restarted = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no') })),
    });
    await restarted.connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await client.db.getAll('SELECT key FROM connector_rejected_writes')).toHaveLength(3);
  });
});

function raise(error: Error): never {
  throw error;
}
