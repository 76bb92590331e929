import {
  type BackendConnector,
  type RejectionPolicy,
  type Transport,
  UploadError,
} from 'powersync-backend-connector';
import { type FakeClock, fakeClock } from 'powersync-backend-connector/testing';
import { eachEntry } from 'powersync-backend-connector/transforms';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeClient, openClient, type TestClient } from '../support/client.ts';
import {
  addTodos,
  applied,
  descriptions,
  queued,
  recordingTransport,
  testConnector,
} from '../support/connector.ts';

const letters = [...'abcdefghijklmnopqrstuvwxyz'];

describe('P8: one bad transaction blocks nothing, and an outage empties nothing', () => {
  let client: TestClient;
  beforeEach(async () => {
    client = await openClient();
    await addTodos(client, ...letters);
  });
  afterEach(() => closeClient(client));

  async function rejected(): Promise<string[]> {
    const rows = await client.db.getAll<{ entries: string }>(
      'SELECT entries FROM connector_rejected_writes ORDER BY rowid',
    );
    return rows.map(({ entries }) => JSON.parse(entries)[0].opData.description);
  }

  /** A backend that refuses whole requests with this code, as soon as they hold one of these descriptions. */
  function refusing(bad: readonly string[], code: UploadError['code'] = 'invalid'): Transport {
    return async (batch) => {
      if (descriptions(batch).some((description) => bad.includes(description)))
        throw new UploadError(code, 'refused');
      return batch.transactions.map(applied);
    };
  }

  it.each([[['a']], [['z']], [['m']], [['c', 'n', 'y']], [['a', 'b', 'c']]])(
    'finds the culprits %s by halving, within one call, and applies the rest in order',
    async (bad) => {
      const { transport, batches } = recordingTransport(refusing(bad));
      const { connector } = testConnector({ transport });
      await connector.uploadData(client.db);
      expect(await queued(client)).toEqual([]);
      expect(await rejected()).toEqual(bad);
      const arrived = batches.filter((batch) => !descriptions(batch).some((each) => bad.includes(each)));
      expect(arrived.flatMap(descriptions)).toEqual(letters.filter((letter) => !bad.includes(letter)));
    },
  );

  it('a transaction too large for the backend is found and rejected alone; later batches are smaller', async () => {
    const { transport, batches } = recordingTransport(refusing(['m'], 'too_large'));
    const { connector } = testConnector({ transport });
    await connector.drain(client.db);
    expect(await rejected()).toEqual(['m']);
    await addTodos(client, ...letters.filter((letter) => letter !== 'm'));
    batches.length = 0;
    await connector.uploadData(client.db);
    expect(batches[0]?.transactions.length).toBeLessThan(10);
  });

  /** Uploads as the SDK does: at once while the queue moves, else every five seconds. */
  async function uploadFor(minutes: number, connector: BackendConnector, clock: FakeClock): Promise<void> {
    const end = clock() + minutes * 60_000;
    while (clock() < end && (await queued(client)).length > 0) {
      await connector.uploadData(client.db).catch(() => clock.advance(5_000));
    }
  }

  it('a deployment that refuses everything for an hour gets no more than ten rejected, and few requests', async () => {
    const clock = fakeClock();
    const { transport, batches } = recordingTransport(refusing(letters));
    const { connector, events } = testConnector({ transport, clock });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'misconfigured' });
    expect(await rejected()).toEqual(['a', 'b', 'c']);
    expect(connector.status.breaker).toBe('open');
    await uploadFor(60, connector, clock);
    expect((await rejected()).length).toBeLessThanOrEqual(10);
    expect(await queued(client)).toEqual(letters.filter((_, index) => index >= 8));
    expect(events.filter(({ type }) => type === 'breaker')).toHaveLength(1);
    expect(batches.length).toBeLessThan(80);
  });

  it('twenty bad writes in a row have left after three hours, each recorded, and the good ones behind them too', async () => {
    const clock = fakeClock();
    const bad = letters.slice(0, 20);
    const { connector } = testConnector({ transport: refusing(bad), clock });
    await uploadFor(180, connector, clock);
    expect(await queued(client)).toEqual([]);
    expect(await rejected()).toEqual(bad);
  });

  it('a bad write among good ones leaves within the same call, as long as refusals are rare', async () => {
    const { connector } = testConnector({ transport: refusing(['b', 'j', 'p', 'y']) });
    await connector.uploadData(client.db);
    expect(await queued(client)).toEqual([]);
  });

  it('a write that was refused and is applied then shows that refusals can not be trusted', async () => {
    let calls = 0;
    const { connector } = testConnector({
      // Every second request meets an instance that is broken.
      transport: async ({ transactions }) => {
        if (calls++ % 2 === 0) throw new UploadError('invalid', 'broken');
        return transactions.map(applied);
      },
      batching: { maxTransactions: 1 },
    });
    await expect(connector.drain(client.db)).resolves.toMatchObject({ drained: false });
    expect(await rejected()).toEqual(['a']);
    expect(connector.status.breaker).toBe('open');
  });

  it('stays so after a restart, and goes on when the deployment is mended', async () => {
    const { connector } = testConnector({ transport: refusing(letters) });
    await expect(connector.uploadData(client.db)).rejects.toThrow();
    const restarted = testConnector({ transport: refusing(letters) });
    await expect(restarted.connector.uploadData(client.db)).rejects.toMatchObject({ code: 'misconfigured' });
    expect(await rejected()).toHaveLength(3);

    const mended = testConnector({ transport: refusing(['e']) });
    expect(await mended.connector.drain(client.db)).toMatchObject({ drained: true, rejected: 1 });
    expect(await rejected()).toEqual(['a', 'b', 'c', 'e']);
  });

  it('resetBreaker() lets the app say that the writes are at fault', async () => {
    const { connector } = testConnector({ transport: refusing(['a', 'b', 'c', 'd']) });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'misconfigured' });
    await connector.resetBreaker(client.db);
    expect(await connector.drain(client.db)).toMatchObject({ drained: true });
    expect(await rejected()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refusals that the backend states for single transactions are believed, however many, where it goes on behind them', async () => {
    const { connector } = testConnector({
      transport: async (batch) =>
        descriptions(batch).map((each) =>
          each === 'z' ? applied() : { status: 'rejected', error: new UploadError('invalid', 'no') },
        ),
    });
    await connector.drain(client.db);
    expect(await rejected()).toEqual(letters.filter((letter) => letter !== 'z'));
    expect(connector.status.breaker).toBe('closed');
  });

  it('where it applies nothing at all, five are believed, and then five in an hour', async () => {
    const clock = fakeClock();
    const { connector } = testConnector({
      clock,
      transport: async ({ transactions }) =>
        transactions.map(() => ({ status: 'rejected', error: new UploadError('invalid', 'no') })),
    });
    await connector.drain(client.db);
    expect(await rejected()).toEqual(letters.slice(0, 5));
    await uploadFor(60, connector, clock);
    expect((await rejected()).length).toBeLessThanOrEqual(10);
    await uploadFor(180, connector, clock);
    expect(await rejected()).toEqual(letters);
  });

  it('an ambiguous answer is rejected only after its tries and its time, counted across restarts', async () => {
    const clock = fakeClock();
    const budget = { attempts: 4, minMs: 60_000 };
    const ambiguous: Transport = async (batch) =>
      batch.transactions.map((_, index) =>
        descriptions(batch)[index] === 'a'
          ? { status: 'rejected', error: new UploadError('unclassified', '?', { budget }) }
          : applied(),
      );
    for (let attempt = 1; attempt <= 4; attempt++) {
      const { connector } = testConnector({ transport: ambiguous, clock });
      await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'unclassified' });
      clock.advance(15_000);
    }
    expect(await queued(client)).toEqual(letters);
    clock.advance(1);
    await testConnector({ transport: ambiguous, clock }).connector.drain(client.db);
    expect(await queued(client)).toEqual([]);
    expect(await rejected()).toEqual(['a']);
  });

  it('an ambiguous answer without a budget is never rejected', async () => {
    const clock = fakeClock();
    const { connector } = testConnector({ transport: refusing(letters, 'unclassified'), clock });
    for (let attempt = 0; attempt < 30; attempt++) {
      await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'unclassified' });
      clock.advance(3_600_000);
    }
    expect(await queued(client)).toEqual(letters);
  });

  it('an app may set the budget, or take it away', async () => {
    const transport = refusing(['a'], 'unclassified');
    const mine = testConnector({ transport, retry: { ambiguous: { attempts: 1, minMs: 0 } } });
    await mine.connector.drain(client.db);
    expect(await rejected()).toEqual(['a']);
    await addTodos(client, 'a');
    const never = testConnector({ transport, retry: { ambiguous: false } });
    await never.connector.drain(client.db);
    expect(await queued(client)).toEqual(['a']);
  });

  const holding: [string, RejectionPolicy][] = [
    ['answers hold', () => 'hold'],
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('oops');
      },
    ],
    ['answers nonsense', (() => true) as unknown as RejectionPolicy],
  ];
  it.each(holding)('holds a rejected transaction when the policy %s', async (_, rejections) => {
    const { connector } = testConnector({ transport: refusing(['b']), rejections });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ name: 'UploadError' });
    expect((await queued(client))[0]).toBe('b');
    expect(connector.status.phase).toBe('held');
  });

  it('record() holds what the backend wants decided by the app', async () => {
    const { connector } = testConnector({
      transport: async ({ transactions }) =>
        transactions.map(() => ({
          status: 'rejected',
          error: new UploadError('conflict', 'choose'),
          needsDecision: true,
        })),
    });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'conflict' });
    expect(await queued(client)).toEqual(letters);
  });

  it('a schema mismatch is held, not rejected', async () => {
    const { connector } = testConnector({ transport: refusing(letters, 'schema_mismatch') });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'schema_mismatch' });
    expect(await queued(client)).toEqual(letters);
    expect(connector.status.phase).toBe('held');
  });

  it('classify() overrides a verdict, and undefined keeps the default', async () => {
    const { connector } = testConnector({
      transport: refusing(['b'], 'unavailable'),
      classify: ({ code, inBand }) => (code === 'unavailable' && !inBand ? 'reject' : undefined),
    });
    await connector.drain(client.db);
    expect(await rejected()).toEqual(['b']);
  });

  it.each(['drop', true, 0])('keeps everything when classify() answers %s', async (verdict) => {
    const { connector } = testConnector({ transport: refusing(letters), classify: (() => verdict) as never });
    await expect(connector.uploadData(client.db)).rejects.toMatchObject({ code: 'misconfigured' });
    expect(await queued(client)).toEqual(letters);
  });

  it('a transform that throws rejects that transaction only; one that says "not now" keeps it', async () => {
    const { connector } = testConnector({
      transform: eachEntry((entry) => {
        if (entry.opData?.description === 'c') throw new Error('cannot encode');
        if (entry.opData?.description === 'f') throw new UploadError('unavailable', 'no encryption key yet');
        return entry.opData?.description === 'd' ? null : entry;
      }),
    });
    expect(await connector.drain(client.db)).toMatchObject({
      applied: 3,
      rejected: 1,
      error: { code: 'unavailable' },
    });
    expect(await rejected()).toEqual(['c']);
    expect((await queued(client))[0]).toBe('f');
  });
});
