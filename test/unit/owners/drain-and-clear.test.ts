import { record, type Transport, UploadError } from 'powersync-backend-connector';
import { listRejected } from 'powersync-backend-connector/rejections';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { applyAll, deferred, testConnector } from '../../support/connector.ts';

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
    expect(report).toEqual({ cleared: false, applied: 1, rejected: 0, leftEntries: 1 });
    expect(clear).not.toHaveBeenCalled();
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
    const report = await connector.drainAndClear(database, { unsent: 'keep' });
    expect(report).toMatchObject({ cleared: false, leftEntries: 1, error: { code: 'aborted' } });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { database } = await oneWrite();
    await testConnector().connector.drainAndClear(database, { unsent: 'keep' });
    expect(vi.getTimerCount()).toBe(0);
  });
});
