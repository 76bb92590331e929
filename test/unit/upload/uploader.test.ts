import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UploadErrorCode } from '../../../src/error/codes.ts';
import { UploadError } from '../../../src/error/upload-error.ts';
import type { UploadEvent } from '../../../src/status/events.ts';
import { createPublisher } from '../../../src/status/publisher.ts';
import { createGate } from '../../../src/time/gate.ts';
import type { BatchCall, BatchUpload } from '../../../src/upload/batch.ts';
import { createUploader } from '../../../src/upload/uploader.ts';
import type { Settlement } from '../../../src/upload/walk.ts';
import { deferred } from '../../support/connector.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const START = 1_700_000_000_000;
const TIMEOUT_MS = 1_000;
const MOVED: Settlement = { settled: 1, applied: 1, rejected: 0 };

const error = (code: UploadErrorCode) => new UploadError(code, 'No.', { status: 426 });
const stays = (code: UploadErrorCode, hold = false): Settlement => ({
  settled: 0,
  applied: 0,
  rejected: 0,
  stop: { error: error(code), hold },
});

/** An uploader whose batches end as told, one after the other; the last answer stays. */
function world(
  ...answers: (Settlement | null | Error | ((call: BatchCall) => Promise<Settlement | null>))[]
) {
  const time = { now: START };
  const publisher = createPublisher();
  const events: UploadEvent[] = [];
  publisher.subscribe((event) => events.push(event));
  const clock = () => time.now;
  const gate = createGate({ baseMs: 5_000, maxMs: 300_000, jitter: 0 }, clock, () => 0);
  const calls: BatchCall[] = [];
  const uploadBatch = vi.fn<BatchUpload>(async (call) => {
    calls.push(call);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (typeof answer === 'function') return answer(call);
    if (answer instanceof Error) throw answer;
    return answer ?? null;
  });
  const onClose = vi.fn();
  const uploader = createUploader({ gate, publisher, clock, timeoutMs: TIMEOUT_MS, uploadBatch, onClose });
  const database = new FakeQueue();
  const upload = (options = {}) => uploader.upload(database, options);
  const tells = (type: UploadEvent['type']) => events.filter((event) => event.type === type);
  return { uploader, upload, database, publisher, gate, events, tells, calls, uploadBatch, onClose, time };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('an upload', () => {
  it('says whether something was queued, and leaves no timer and no listener behind', async () => {
    const { upload } = world(MOVED, null);
    const stop = new AbortController();
    const removed = vi.spyOn(stop.signal, 'removeEventListener');
    expect(await upload({ signal: stop.signal })).toBe(true);
    expect(await upload()).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  it('tells once that the queue is empty, until something was queued again', async () => {
    const { upload, tells, publisher } = world(MOVED, null, null, MOVED, null);
    await upload();
    expect(tells('drained')).toHaveLength(0);
    await upload();
    expect(tells('drained')).toHaveLength(1);
    expect(publisher.status).toMatchObject({ phase: 'idle', queuedEntries: 0 });
    await upload();
    expect(tells('drained')).toHaveLength(1);
    await upload();
    await upload();
    expect(tells('drained')).toHaveLength(2);
  });

  it('is back to idle once the queue has moved, and forgets the failure', async () => {
    const { upload, publisher, gate, tells } = world(stays('unavailable'), MOVED);
    await upload().catch(() => {});
    expect(publisher.status).toMatchObject({ phase: 'waiting', stalledSince: START });
    expect(gate.failures).toBe(1);
    await upload({ evenIfBackingOff: true });
    expect(publisher.status).toMatchObject({ phase: 'idle', lastError: undefined, stalledSince: undefined });
    expect(publisher.status.nextAttemptAt).toBeUndefined();
    expect(gate.failures).toBe(0);
    expect(tells('status')).toHaveLength(1);
  });

  it('that moved the queue a part of the way, and stopped, has failed', async () => {
    const stop = { error: error('throttled'), hold: false };
    const { upload, publisher, gate } = world(stays('unavailable'), { ...MOVED, stop });
    await upload().catch(() => {});
    await expect(upload({ evenIfBackingOff: true })).rejects.toBe(stop.error);
    expect(publisher.status).toMatchObject({ phase: 'waiting', lastError: stop.error });
    expect(gate.failures).toBe(1); // counted from where the queue moved
  });

  it('throws the remembered error while the gate is shut, without a batch and without another failure', async () => {
    const { upload, uploadBatch, tells, time } = world(stays('unavailable'), MOVED);
    const first = await upload().catch((thrown) => thrown);
    expect(await upload().catch((thrown) => thrown)).toBe(first);
    expect(uploadBatch).toHaveBeenCalledTimes(1);
    expect(tells('failed')).toHaveLength(1);
    time.now += 5_000;
    expect(await upload()).toBe(true);
  });

  it('throws it too where the upload in front of it in the lane has shut the gate', async () => {
    const began = deferred();
    const { upload, uploadBatch, tells } = world(async () => {
      await began.promise;
      return stays('unavailable');
    });
    const both = [upload(), upload()].map((each) => each.catch((thrown) => thrown));
    began.resolve();
    const [first, second] = await Promise.all(both);
    expect(second).toBe(first);
    expect(uploadBatch).toHaveBeenCalledTimes(1);
    expect(tells('failed')).toHaveLength(1);
  });

  it('begins no batch where its signal was aborted while it waited for its turn', async () => {
    const began = deferred();
    const { upload, uploadBatch } = world(async () => {
      await began.promise;
      return MOVED;
    });
    const first = upload();
    const stop = new AbortController();
    const second = upload({ signal: stop.signal });
    const refused = expect(second).rejects.toMatchObject({ code: 'aborted' });
    stop.abort();
    began.resolve();
    await first;
    await refused;
    expect(uploadBatch).toHaveBeenCalledTimes(1);
  });
});

describe('a failure', () => {
  it('is told with all that an app may want to know', async () => {
    const { upload, tells, publisher } = world(stays('unavailable'));
    await upload().catch(() => {});
    expect(tells('failed')).toEqual([
      {
        type: 'failed',
        code: 'unavailable',
        message: '[unavailable] No.',
        phase: 'waiting',
        failures: 1,
        nextAttemptAt: START + 5_000,
        stalledSince: START,
      },
    ]);
    expect(publisher.status.counters.failures).toBe(1);
  });

  it('after another one keeps the time since which nothing moves', async () => {
    const { upload, publisher, time } = world(stays('unavailable'));
    await upload().catch(() => {});
    time.now += 60_000;
    await upload().catch(() => {});
    expect(publisher.status.stalledSince).toBe(START);
  });

  it.each<[UploadErrorCode, boolean, string]>([
    ['unauthenticated', false, 'needs-auth'],
    ['owner_mismatch', false, 'owner-mismatch'],
    ['unavailable', false, 'waiting'],
    ['invalid', true, 'held'],
  ])('with code %s, hold %s, is phase %s', async (code, hold, phase) => {
    const { upload, publisher } = world(stays(code, hold));
    await upload().catch(() => {});
    expect(publisher.status.phase).toBe(phase);
  });

  it('of the owner is nothing to back off from, however often it comes', async () => {
    const { upload, publisher, time } = world(stays('unavailable'), stays('owner_mismatch'));
    await upload().catch(() => {});
    for (let i = 0; i < 3; i++) {
      time.now += 60_000;
      await upload().catch(() => {});
      expect(publisher.status.nextAttemptAt).toBe(time.now + 5_000);
    }
  });

  it('that the app is too old is told once', async () => {
    const { upload, tells, time } = world(stays('unavailable'), stays('update_required'));
    await upload().catch(() => {});
    expect(tells('update-required')).toEqual([]);
    for (let i = 0; i < 2; i++) {
      time.now += 600_000;
      await upload().catch(() => {});
    }
    expect(tells('update-required')).toEqual([{ type: 'update-required', status: 426 }]);
  });

  it('of the network ends when the device comes online; no other does', async () => {
    const target = new EventTarget();
    vi.stubGlobal('addEventListener', target.addEventListener.bind(target));
    vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target));
    const { upload, uploader, tells, gate, time } = world(stays('unavailable'), stays('network'));
    await upload().catch(() => {});
    target.dispatchEvent(new Event('online'));
    expect(tells('opened')).toEqual([]);
    time.now += 60_000;
    await upload().catch(() => {});
    expect(gate.shutBy(false)).toBeDefined();
    target.dispatchEvent(new Event('online'));
    expect(tells('opened')).toHaveLength(1);
    expect(gate.shutBy(false)).toBeUndefined();
    uploader.close();
    target.dispatchEvent(new Event('online'));
    expect(tells('opened')).toHaveLength(1);
  });
});

describe('an upload that is aborted', () => {
  const untilAborted = async ({ deadline }: BatchCall): Promise<never> =>
    deadline.race(new Promise<never>(() => {}));

  it('on request is no failure: what had failed before is shown again, and its phase with it', async () => {
    const { upload, publisher, tells } = world(stays('unauthenticated'), untilAborted);
    await upload().catch(() => {});
    publisher.set({ phase: 'uploading', inFlight: { transactions: 1, entries: 1, attempt: 1 } });
    const stop = new AbortController();
    const aborted = upload({ evenIfBackingOff: true, signal: stop.signal });
    const refused = expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    stop.abort();
    await refused;
    expect(publisher.status).toMatchObject({ phase: 'needs-auth', inFlight: undefined });
    expect(tells('failed')).toHaveLength(1);
  });

  it('with nothing failed before it leaves the status idle', async () => {
    const { upload, publisher, gate } = world(untilAborted);
    publisher.set({ phase: 'uploading' });
    const stop = new AbortController();
    const refused = expect(upload({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' });
    stop.abort();
    await refused;
    expect(publisher.status.phase).toBe('idle');
    expect(gate.failures).toBe(0);
  });

  it('by the transport alone is a failure like any other', async () => {
    const { upload, tells } = world(stays('aborted'));
    await expect(upload()).rejects.toMatchObject({ code: 'aborted' });
    expect(tells('failed')).toHaveLength(1);
  });

  it('at its deadline says so, whatever the batch threw then', async () => {
    const { upload, tells } = world(async ({ deadline }) => {
      await deadline.race(new Promise(() => {})).catch(() => {});
      throw new Error('something else');
    });
    const refused = expect(upload()).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    await refused;
    expect(tells('failed')).toMatchObject([{ code: 'timeout' }]);
  });

  it('keeps the words of a time-out that knows more', async () => {
    const { upload } = world(new UploadError('timeout', 'Because of the lane.'));
    await expect(upload()).rejects.toThrow('Because of the lane.');
  });
});

describe('a change of users', () => {
  it('aborts what is under way, and lets nothing begin', async () => {
    const { uploader, upload, uploadBatch } = world(async ({ deadline }) =>
      deadline.race(new Promise<never>(() => {})),
    );
    const refused = expect(upload()).rejects.toThrow('setOwner()');
    await vi.advanceTimersByTimeAsync(0);
    const end = deferred();
    const change = uploader.pauseWhile(() => end.promise);
    await refused;
    expect(() => uploader.checkOpen()).toThrow('setOwner()');
    await expect(upload()).rejects.toThrow('setOwner()');
    await expect(uploader.pauseWhile(async () => {})).rejects.toThrow('setOwner()');
    end.resolve();
    await change;
    uploader.checkOpen();
    expect(uploadBatch).toHaveBeenCalledTimes(1);
  });

  it('is over also where it failed', async () => {
    const { uploader } = world(null);
    await expect(uploader.pauseWhile(() => Promise.reject(new Error('disk full')))).rejects.toThrow(
      'disk full',
    );
    uploader.checkOpen();
  });

  it('does not open a connector that was closed meanwhile', async () => {
    const { uploader } = world(null);
    await uploader.pauseWhile(async () => uploader.close());
    expect(() => uploader.checkOpen()).toThrow('was closed');
  });
});

describe('what runs beside uploads', () => {
  it('has a deadline of its own, which a change of users ends', async () => {
    const { uploader } = world(null);
    const task = uploader.during((deadline) => deadline.race(new Promise(() => {})));
    const refused = expect(task).rejects.toMatchObject({ code: 'aborted' });
    await uploader.pauseWhile(async () => {});
    await refused;
    expect(await uploader.during(async () => 'done')).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
    uploader.close();
    await expect(uploader.during(async () => 'done')).rejects.toThrow('was closed');
  });

  it('is not aborted any more once it is over', async () => {
    const { uploader, upload, calls } = world(MOVED);
    let signal: AbortSignal | undefined;
    await uploader.during(async (deadline) => {
      signal = deadline.signal;
    });
    await upload();
    uploader.close();
    expect(signal?.aborted).toBe(false);
    expect(calls[0]?.deadline.error).toBeUndefined();
  });
});

describe('the gate', () => {
  it('is opened for one code only where that has shut it', async () => {
    const { uploader, upload, gate, tells } = world(stays('unauthenticated'));
    await upload().catch(() => {});
    uploader.openGate('network');
    expect(gate.shutBy(false)).toBeDefined();
    uploader.openGate('unauthenticated');
    expect(gate.shutBy(false)).toBeUndefined();
    expect(tells('opened')).toHaveLength(1);
  });

  it('is opened without one whatever has shut it', async () => {
    const { uploader, upload, publisher } = world(stays('unavailable'));
    await upload().catch(() => {});
    uploader.openGate();
    expect(publisher.status.nextAttemptAt).toBeUndefined();
  });
});

it('close() is told once, and ends the rest once', async () => {
  const { uploader, upload, tells, onClose, publisher } = world(stays('unavailable'));
  await upload().catch(() => {});
  uploader.close();
  uploader.close();
  expect(tells('closed')).toHaveLength(1);
  expect(onClose).toHaveBeenCalledTimes(1);
  expect(publisher.status).toMatchObject({ phase: 'closed', nextAttemptAt: undefined });
  await expect(upload()).rejects.toMatchObject({ code: 'aborted' });
});
