import { type BackendConnectorOptions, UploadError } from 'powersync-backend-connector';
import { inspectQueue, warnInDevelopment, warnUnsafeIntegers } from 'powersync-backend-connector/diagnostics';
import { writeApi } from 'powersync-backend-connector/http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { respond, startServer } from '../http/support.ts';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, recordingTransport, testConnector } from '../support/connector.ts';

let client: TestClient;
beforeEach(async () => {
  client = await openClient();
});
afterEach(() => closeClient(client));

const contents = () => client.db.getAll('SELECT * FROM ps_crud ORDER BY id');

async function writeTogether(count: number): Promise<void> {
  await client.db.writeTransaction(async (tx) => {
    for (let i = 0; i < count; i++) {
      await tx.execute('INSERT INTO todos (id, description) VALUES (?, ?)', [`t${i}`, `secret ${i}`]);
    }
  });
}

describe('inspectQueue()', () => {
  it('of an empty queue', async () => {
    expect(await inspectQueue(client.db)).toEqual({
      clientId: await client.db.getClientId(),
      queuedEntries: 0,
      transactions: [],
      truncated: false,
    });
  });

  it('shows the queue without values, and changes nothing', async () => {
    await writeTogether(2);
    await client.db.execute("UPDATE todos SET completed = 1, _metadata = 'secret note' WHERE id = 't0'");
    await client.db.execute("DELETE FROM todos WHERE id = 't1'");
    const before = await contents();

    const report = await inspectQueue(client.db);
    expect(report).toMatchObject({ queuedEntries: 4, truncated: false });
    expect(report.transactions.map(({ key: _, ...rest }) => rest)).toEqual([
      {
        transactionId: 1,
        firstOpId: 1,
        lastOpId: 2,
        entries: [
          { op: 'PUT', table: 'todos', id: 't0', columns: ['description'] },
          { op: 'PUT', table: 'todos', id: 't1', columns: ['description'] },
        ],
      },
      {
        transactionId: 2,
        firstOpId: 3,
        lastOpId: 3,
        entries: [{ op: 'PATCH', table: 'todos', id: 't0', columns: ['completed'] }],
      },
      {
        transactionId: 3,
        firstOpId: 4,
        lastOpId: 4,
        entries: [{ op: 'DELETE', table: 'todos', id: 't1', columns: [] }],
      },
    ]);
    expect(JSON.stringify(report)).not.toContain('secret');
    expect(await contents()).toEqual(before);
  });

  it('shows values if they are asked for', async () => {
    await writeTogether(1);
    await client.db.execute("UPDATE todos SET description = 'new', _metadata = 'note' WHERE id = 't0'");
    const { transactions } = await inspectQueue(client.db, { values: true });
    expect(transactions.map(({ entries }) => entries[0])).toMatchObject([
      { opData: { description: 'secret 0' } },
      { opData: { description: 'new' }, previousValues: { description: 'secret 0' }, metadata: 'note' },
    ]);
  });

  it('has the same keys as uploads', async () => {
    await addTodos(client, 'one', 'two', 'three');
    const { transactions } = await inspectQueue(client.db);
    const { transport, keys } = recordingTransport();
    await testConnector({ transport }).connector.drain(client.db);
    expect(keys()).toHaveLength(3);
    expect(transactions.map(({ key }) => key)).toEqual(keys());
  });

  it('shows only whole transactions, and says if more is queued', async () => {
    await addTodos(client, 'one');
    await writeTogether(3);
    await addTodos(client, 'next to last', 'last');
    const sizes = async (limit: number) => {
      const { queuedEntries, transactions, truncated } = await inspectQueue(client.db, { limit });
      return { queuedEntries, truncated, sizes: transactions.map(({ entries }) => entries.length) };
    };
    expect(await sizes(2)).toEqual({ queuedEntries: 6, truncated: true, sizes: [1] });
    expect(await sizes(6)).toEqual({ queuedEntries: 6, truncated: false, sizes: [1, 3, 1, 1] });
    await testConnector({ batching: () => 1 }).connector.uploadData(client.db);
    expect(await sizes(1)).toEqual({ queuedEntries: 5, truncated: true, sizes: [3] });
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses the limit %d', async (limit) => {
    await expect(inspectQueue(client.db, { limit })).rejects.toThrow(TypeError);
  });
});

describe('development warnings of a real connector', () => {
  async function warningsOf(options: Partial<BackendConnectorOptions>, uploads = 1): Promise<string[]> {
    const warnings: string[] = [];
    const { connector } = testConnector(options);
    warnInDevelopment(connector, { warn: (message) => warnings.push(message) });
    for (let i = 0; i < uploads; i++) await connector.drain(client.db);
    return warnings;
  }

  it('the provider returns the token that was refused', async () => {
    await addTodos(client, 'milk');
    const { url } = await startServer((response) => respond(response, 401, {}));
    const credentials = async () => ({ token: 'very-secret' });
    const warnings = await warningsOf({ credentials, transport: writeApi({ url }) }, 3);
    expect(warnings).toEqual([
      expect.stringContaining('same token that was just refused'),
      expect.stringContaining('1 queued writes wait for a sign-in'),
    ]);
    expect(warnings.join()).not.toMatch(/very-secret|milk/);
  });

  it('nobody is signed in', async () => {
    await addTodos(client, 'one', 'two');
    const transport = writeApi({ url: 'https://api.test' });
    expect(await warningsOf({ credentials: async () => null, transport }, 2)).toEqual([
      expect.stringContaining('2 queued writes wait for a sign-in'),
    ]);
  });

  it('the url answers with a web page', async () => {
    await addTodos(client, 'milk');
    const { url } = await startServer((response) => void response.end('<title>private words</title>'));
    const warnings = await warningsOf({ transport: writeApi({ url }) }, 4);
    expect(warnings).toEqual([expect.stringMatching(/HTTP status 200.*selfCheck/)]);
    expect(warnings.join()).not.toMatch(/private words|milk/);
  });

  it('the backend refuses everything', async () => {
    await addTodos(client, 'a', 'b', 'c', 'd');
    const transport = async () => {
      throw new UploadError('invalid', 'Refused');
    };
    expect(await warningsOf({ transport })).toEqual([expect.stringContaining('resetBreaker')]);
  });

  it('an integer that the SDK has rounded', async () => {
    await client.db.execute("INSERT INTO todos (id, completed) VALUES ('t', 9007199254740993)");
    const warnings: string[] = [];
    const { transport, batches } = recordingTransport();
    const transform = warnUnsafeIntegers((message) => warnings.push(message));
    await testConnector({ transport, transform }).connector.drain(client.db);
    expect(warnings).toEqual([expect.stringContaining('todos.completed')]);
    expect(batches[0]?.transactions[0]?.entries[0]?.opData?.completed).toBe(2 ** 53); // as the warning says
  });
});
