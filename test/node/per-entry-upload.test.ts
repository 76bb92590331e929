import { type BackendConnectorOptions, UploadError } from 'powersync-backend-connector';
import { perEntry, route, type SendEntry } from 'powersync-backend-connector/combine';
import { listRejected } from 'powersync-backend-connector/rejections';
import { fakeClock } from 'powersync-backend-connector/testing';
import { eachEntry } from 'powersync-backend-connector/transforms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import { addTodos, queued, testConnector } from '../support/connector.ts';

describe('transports that send entry by entry, through the whole upload path', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
  });
  afterEach(() => closeClient(client));

  /** Writes a list with to-dos in one transaction. */
  async function writeTogether(...descriptions: string[]): Promise<void> {
    await client.db.writeTransaction(async (tx) => {
      for (const description of descriptions)
        await tx.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', [description]);
    });
  }

  function connector(send: SendEntry, options: Partial<BackendConnectorOptions> = {}) {
    const sent: string[] = [];
    const recording: SendEntry = async (entry, context) => {
      sent.push(entry.opData?.description);
      await context.token();
      return (await send(entry, context)) as undefined;
    };
    return { sent, ...testConnector({ transport: perEntry(recording), ...options }) };
  }

  it('a rejection lists the applied entries by their raw index, and the rest goes on', async () => {
    await writeTogether('left out', 'good', 'bad', 'behind');
    await addTodos(client, 'next');
    const { connector: uploads, sent } = connector(
      async (entry) => {
        if (entry.opData?.description === 'bad') throw new UploadError('conflict', 'no');
      },
      { transform: eachEntry((entry) => (entry.opData?.description === 'left out' ? null : entry)) },
    );
    expect(await uploads.drain(client.db)).toMatchObject({ drained: true, applied: 1, rejected: 1 });
    expect(sent).toEqual(['good', 'bad', 'next']);
    expect(await listRejected(client.db)).toMatchObject([
      { code: 'conflict', entryIndex: 2, appliedEntries: [1] },
    ]);
  });

  it('a forbidden entry gets one fresh token, then is rejected alone; nothing is sent twice', async () => {
    await writeTogether('good', 'bad');
    await addTodos(client, 'next');
    let issued = 0;
    const { connector: uploads, sent } = connector(
      async (entry) => {
        if (entry.opData?.description === 'bad') throw new UploadError('forbidden', 'no');
      },
      { credentials: async () => ({ token: `token-${++issued}` }) },
    );
    expect(await uploads.drain(client.db)).toMatchObject({ drained: true, applied: 1, rejected: 1 });
    expect(sent).toEqual(['good', 'bad', 'bad', 'next']);
    expect(issued).toBe(2);
    expect(await listRejected(client.db)).toMatchObject([
      { code: 'forbidden', entryIndex: 1, appliedEntries: [0] },
    ]);
  });

  it('a deployment that refuses everything causes at most three rejections', async () => {
    await addTodos(client, ...'abcdefgh');
    const { connector: uploads } = connector(async () => {
      throw new UploadError('invalid', 'no', { status: 400 });
    });
    const report = await uploads.drain(client.db);
    expect(report).toMatchObject({ drained: false, rejected: 3, error: { code: 'misconfigured' } });
    expect(await queued(client)).toEqual([...'defgh']);
  });

  it('classify() judges the answer to a single failed request, even a status that means retry', async () => {
    await addTodos(client, 'a', 'b');
    const { connector: uploads } = connector(
      async (entry) => {
        if (entry.opData?.description === 'a') throw new UploadError('unavailable', 'no', { status: 500 });
      },
      { classify: ({ status, inBand }) => (status === 500 && !inBand ? 'reject' : undefined) },
    );
    expect(await uploads.drain(client.db)).toMatchObject({ drained: true, applied: 1, rejected: 1 });
  });

  it('update_required holds the queue, and is reported once until something else happens', async () => {
    await addTodos(client, 'a');
    const clock = fakeClock();
    let isTooOld = true;
    const { connector: uploads, events } = connector(
      async () => {
        if (isTooOld) throw new UploadError('update_required', 'no', { status: 426 });
      },
      { clock },
    );
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(uploads.uploadData(client.db)).rejects.toMatchObject({ code: 'update_required' });
      clock.advance(3_600_000);
    }
    expect(uploads.status).toMatchObject({ phase: 'held', lastError: { code: 'update_required' } });
    const told = () => events.filter(({ type }) => type === 'update-required');
    expect(told()).toEqual([{ type: 'update-required', status: 426 }]);
    isTooOld = false;
    expect(await uploads.drain(client.db)).toMatchObject({ drained: true, applied: 1 });
    await addTodos(client, 'b');
    isTooOld = true;
    await uploads.drain(client.db);
    expect(told()).toHaveLength(2);
  });

  it('the remaining time is passed on, and runs out', async () => {
    await addTodos(client, 'a');
    const left: (number | undefined)[] = [];
    const { connector: uploads } = connector(
      async (_, { timeLeftMs, signal }) => {
        left.push(timeLeftMs?.());
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        left.push(timeLeftMs?.());
      },
      { retry: { timeoutMs: 2_000 } }, // enough to come to the first entry
    );
    await expect(uploads.uploadData(client.db)).rejects.toMatchObject({ code: 'timeout' });
    expect(left[0]).toBeGreaterThan(0);
    expect(left[0]).toBeLessThanOrEqual(2_000);
    expect(left[1]).toBeLessThanOrEqual(5);
  });

  it('route() keeps the order across transports, to the last entry of the queue', async () => {
    const arrived: string[] = [];
    const to = (name: string) =>
      perEntry(async ({ opData }) => {
        arrived.push(`${name}:${opData?.description ?? opData?.name}`);
      });
    const transport = route({ lists: to('lists'), default: to('rest') });
    const { db } = client;
    await db.execute("INSERT INTO lists (id, name) VALUES ('l', 'L1')");
    await addTodos(client, 'a', 'b');
    await db.writeTransaction(async (tx) => {
      await tx.execute("INSERT INTO todos (id, description) VALUES ('t', 'c')");
      await tx.execute("INSERT INTO lists (id, name) VALUES ('m', 'L2')");
      await tx.execute("INSERT INTO todos (id, description) VALUES ('u', 'd')");
    });
    await addTodos(client, 'e');
    expect(await testConnector({ transport }).connector.drain(db)).toMatchObject({
      drained: true,
      applied: 5,
    });
    expect(arrived).toEqual(['lists:L1', 'rest:a', 'rest:b', 'rest:c', 'lists:L2', 'rest:d', 'rest:e']);
  });
});
