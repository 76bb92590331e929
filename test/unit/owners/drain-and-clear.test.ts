import { record, type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected } from 'powersync-backend-connector/rejections';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { applyAll, deferred, noAnswer, testConnector } from '../../support/connector.ts';

afterEach(() => vi.useRealTimers());

const down: Transport = async () => {
  throw new UploadError('unavailable', 'Down.');
};
const refusing: Transport = async ({ transactions }) =>
  transactions.map(() => ({ status: 'rejected', error: new UploadError('conflict', 'Taken.') }));

/** A database with one write, and what is called of it to leave. */
async function oneWrite() {
  const database = memoryDatabase();
  await database.put('lists', 'a');
  const disconnect = vi.spyOn(database, 'disconnect');
  const clear = vi.spyOn(database, 'disconnectAndClear');
  return { database, disconnect, clear };
}

describe('drainAndClear()', () => {
  it('counts what it settled itself', async () => {
    const { database } = await oneWrite();
    let transport = applyAll;
    const { connector } = testConnector({ transport: (...call) => transport(...call) });
    await connector.drain(database);
    transport = refusing;
    await database.put('lists', 'b');
    await connector.drain(database);
    await database.put('lists', 'c');
    expect(await connector.drainAndClear(database, { unsent: 'keep' })).toEqual({
      cleared: true,
      applied: 0,
      rejected: 1,
      leftEntries: 0,
    });
  });

  it('does not even disconnect while something is queued that has to be uploaded', async () => {
    const { database, disconnect } = await oneWrite();
    const { connector } = testConnector({ transport: down });
    const report = await connector.drainAndClear(database, { unsent: 'keep', timeoutMs: 20 });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1 });
    expect(disconnect).not.toHaveBeenCalled();
  });

  it('clears nothing where something was written at the last moment', async () => {
    const { database, disconnect, clear } = await oneWrite();
    disconnect.mockImplementation(() => database.put('lists', 'late'));
    const report = await testConnector().connector.drainAndClear(database, { unsent: 'keep' });
    expect(report).toMatchObject({ cleared: false, applied: 1, rejected: 0, leftEntries: 1 });
    expect(report.error).toMatchObject({
      code: 'aborted',
      detail: expect.stringMatching(/^The app wrote during drainAndClear\(\). Nothing was cleared/),
    });
    expect(clear).not.toHaveBeenCalled();
  });

  it.each(['keep', 'export', 'discard'] as const)(
    'of a closed connector throws, with unsent "%s", and clears nothing',
    async (unsent) => {
      const { database, disconnect, clear } = await oneWrite();
      const { connector } = testConnector();
      connector.close();
      const leave = connector.drainAndClear(database, { unsent, export: () => {} });
      await expect(leave).rejects.toMatchObject({ code: 'aborted' });
      expect(disconnect).not.toHaveBeenCalled();
      expect(clear).not.toHaveBeenCalled();
    },
  );

  it('says so when the app wrote after the last upload, before the queue was counted', async () => {
    const { database, disconnect } = await oneWrite();
    const { connector } = testConnector();
    connector.subscribe(({ type }) => {
      if (type === 'drained') void database.put('lists', 'late');
    });
    const report = await connector.drainAndClear(database, { unsent: 'keep' });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'aborted' } });
    expect(disconnect).not.toHaveBeenCalled();
  });

  it('clears nothing while an upload is completing that does not end', async () => {
    const { database, clear } = await oneWrite();
    const { connector } = testConnector({ retry: { timeoutMs: 500 } });
    let isCompleting = (): void => {};
    const completing = new Promise<void>((resolve) => {
      isCompleting = resolve;
    });
    database.beforeComplete = () => {
      isCompleting();
      return new Promise(() => {});
    };
    void connector.uploadData(database).catch(() => {});
    await completing;
    const report = await connector.drainAndClear(database, { unsent: 'discard', timeoutMs: 10 });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'timeout' } });
    expect(clear).not.toHaveBeenCalled();
  });

  it('exports only where it was told to', async () => {
    const { database } = await oneWrite();
    const { connector } = testConnector({ transport: down });
    const keep = vi.fn();
    await connector.drainAndClear(database, { unsent: 'discard', export: keep, timeoutMs: 20 });
    expect(keep).not.toHaveBeenCalled();
  });

  it('says that the export failed', async () => {
    const { database } = await oneWrite();
    const { connector } = testConnector({ transport: down });
    const keep = () => Promise.reject(new Error('disk full'));
    const report = await connector.drainAndClear(database, {
      unsent: 'export',
      export: keep,
      timeoutMs: 20,
    });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'unknown' } });
    expect(report.error?.cause).toMatchObject({
      name: 'Error',
      message: expect.not.stringContaining('disk full'),
    });
  });

  it.each([
    [{}, undefined],
    [{ soft: true }, { soft: true }],
    [{ soft: false }, { soft: false }],
  ])('passes on %j', async (options, passed) => {
    const { database, clear } = await oneWrite();
    await testConnector().connector.drainAndClear(database, { unsent: 'keep', ...options });
    expect(clear.mock.calls).toEqual([[passed]]);
  });

  it('has no error to tell where nothing is left in the end', async () => {
    const { database, disconnect } = await oneWrite();
    const { connector } = testConnector({ transport: down });
    disconnect.mockImplementation(async () => (await database.getCrudBatch())?.complete()); // by another tab
    const report = await connector.drainAndClear(database, { unsent: 'discard', timeoutMs: 20 });
    expect(report).toEqual({ cleared: true, applied: 0, rejected: 0, leftEntries: 0 });
  });

  it('says why something was left, though it was cleared', async () => {
    const { database } = await oneWrite();
    const { connector } = testConnector({ transport: down });
    const report = await connector.drainAndClear(database, { unsent: 'discard', timeoutMs: 20 });
    expect(report).toMatchObject({ cleared: true, leftEntries: 1, error: { code: 'unavailable' } });
  });

  describe('tries again', () => {
    /** Leaves while a backend fails so, on clocks to turn. */
    async function leaving(thrown: UploadError, failures: number, timeoutMs = 30_000) {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const { database } = await oneWrite();
      let now = 1_000;
      const transport: Transport = async (batch, context) => {
        if (connector.status.counters.attempts <= failures) throw thrown;
        return applyAll(batch, context);
      };
      const { connector } = testConnector({ transport, clock: () => now });
      const report = connector.drainAndClear(database, { unsent: 'keep', timeoutMs });
      await vi.advanceTimersByTimeAsync(0);
      /** How often it was tried, so long after the last time that this was asked. */
      const triesAfter = async (ms: number): Promise<number> => {
        now += ms;
        await vi.advanceTimersByTimeAsync(ms);
        return connector.status.counters.attempts;
      };
      return { report, triesAfter };
    }

    const unavailable = (retryAfterMs?: number) => new UploadError('unavailable', 'Down.', { retryAfterMs });

    it('every second in an outage, sooner than the back-off has it', async () => {
      const { report, triesAfter } = await leaving(unavailable(), 2);
      expect([await triesAfter(999), await triesAfter(1)]).toEqual([1, 2]);
      expect([await triesAfter(999), await triesAfter(1)]).toEqual([2, 3]);
      expect(await report).toMatchObject({ cleared: true, applied: 1 });
      expect(vi.getTimerCount()).toBe(0);
    });

    it('when the backend has asked for it', async () => {
      const { report, triesAfter } = await leaving(unavailable(7_500), 1);
      expect([await triesAfter(7_499), await triesAfter(1)]).toEqual([1, 2]);
      expect(await report).toMatchObject({ cleared: true, applied: 1 });
    });

    it('no more once the time is over, and leaves no timer of a longer wait', async () => {
      const { report, triesAfter } = await leaving(unavailable(60_000), 1, 2_000);
      expect(await triesAfter(2_000)).toBe(1);
      expect(await report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'unavailable' } });
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  it('ends an upload without an answer when the time is over', async () => {
    const { database } = await oneWrite();
    const { connector } = testConnector({ transport: noAnswer });
    const report = await connector.drainAndClear(database, { unsent: 'keep', timeoutMs: 20 });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'timeout' } });
    expect(report.error?.message).toContain('(timeoutMs of drainAndClear())');
  });

  it.each<[string, object | undefined, string]>([
    ['no options', undefined, 'option "unsent" must be "keep", "export" or "discard"; got undefined'],
    [
      'an unknown way',
      { unsent: 'upload' },
      'option "unsent" must be "keep", "export" or "discard"; got "upload"',
    ],
    ['no export', { unsent: 'export' }, 'option "export" must be a function; got undefined'],
    ['an unknown option', { unsent: 'keep', timeout: 5 }, 'there is no option "timeout"'],
    [
      'text as time',
      { unsent: 'keep', timeoutMs: '5' },
      'option "timeoutMs" must be a number from 0 to 2147483647',
    ],
    ['no number', { unsent: 'keep', timeoutMs: Number.NaN }, 'option "timeoutMs" must be a number from 0'],
    [
      'no end',
      { unsent: 'keep', timeoutMs: Number.POSITIVE_INFINITY },
      'option "timeoutMs" must be a number from 0',
    ],
    [
      'more than a timer takes',
      { unsent: 'keep', timeoutMs: 2 ** 31 },
      'option "timeoutMs" must be a number from 0',
    ],
    ['text as soft', { unsent: 'keep', soft: 'yes' }, 'option "soft" must be true or false; got "yes"'],
  ])('refuses %s, and touches nothing', async (_, options, message) => {
    const { database, disconnect } = await oneWrite();
    const { connector } = testConnector();
    const leaving = connector.drainAndClear(database, options as never);
    await expect(leaving).rejects.toThrow(TypeError);
    await expect(leaving).rejects.toThrow(message);
    expect(disconnect).not.toHaveBeenCalled();
    expect(connector.status.counters.attempts).toBe(0);
  });

  it('does not wait for a held write', async () => {
    const { database } = await oneWrite();
    const { connector } = testConnector({ transport: refusing, rejections: () => 'hold' });
    const attempts = () => connector.status.counters.attempts;
    const report = await connector.drainAndClear(database, { unsent: 'keep', timeoutMs: 1_500 });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'conflict' } });
    expect(attempts()).toBe(1);
  });

  it('waits for a rejection policy that is slower than its call, and clears what that has recorded', async () => {
    const { database, clear } = await oneWrite();
    const answer = deferred();
    const { connector } = testConnector({
      transport: refusing,
      retry: { timeoutMs: 3_000 },
      async rejections(rejected, context) {
        await answer.promise;
        return record()(rejected, context);
      },
    });
    const leaving = connector.drainAndClear(database, { unsent: 'discard', timeoutMs: 300 });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(clear).not.toHaveBeenCalled();
    answer.resolve();
    expect(await leaving).toMatchObject({ cleared: true });
    expect(await listRejected(database)).toEqual([]);
  });

  it('lets a policy write nothing after the clear, that never ended before', async () => {
    const { database } = await oneWrite();
    const answer = deferred();
    const ended = deferred<unknown>();
    const { connector } = testConnector({
      transport: refusing,
      retry: { timeoutMs: 400 },
      async rejections(rejected, context) {
        await answer.promise;
        const recording = record()(rejected, context);
        ended.resolve(Promise.resolve(recording).catch((error) => error.code));
        return recording;
      },
    });
    expect(await connector.drainAndClear(database, { unsent: 'discard', timeoutMs: 300 })).toMatchObject({
      cleared: true,
    });
    answer.resolve();
    expect(await ended.promise).toBe('aborted');
    expect(await listRejected(database)).toEqual([]);
  });

  it('does not wait where the connector was closed', async () => {
    const { database } = await oneWrite();
    const { connector } = testConnector();
    connector.close();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const left = connector.drainAndClear(database, { unsent: 'keep' });
    await expect(left).rejects.toMatchObject({ code: 'aborted' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { database } = await oneWrite();
    await testConnector().connector.drainAndClear(database, { unsent: 'keep' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
