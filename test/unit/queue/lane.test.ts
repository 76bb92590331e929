import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UploadError } from '../../../src/error/upload-error.ts';
import { inLane, laneIsLeft, STUCK_MS } from '../../../src/queue/lane.ts';
import { type Deadline, startDeadline } from '../../../src/time/deadline.ts';
import { deferred } from '../../support/connector.ts';
import { FakeQueue } from '../../support/fake-queue.ts';

const started: Deadline[] = [];

function deadline(): Deadline {
  const own = startDeadline(60_000);
  started.push(own);
  return own;
}

const timedOut = () => new UploadError('timeout', 'Too slow.');

/** Lets everything run that waits for nothing but promises. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A task that ends when the test says so, and counts how many run at once. */
function createTasks() {
  const state = { running: 0, most: 0, order: [] as string[] };
  const task = (name: string) => {
    let end: (error?: Error) => void = () => {};
    const done = new Promise<string>((resolve, reject) => {
      end = (error) => (error ? reject(error) : resolve(name));
    });
    const run = async (): Promise<string> => {
      state.order.push(name);
      state.most = Math.max(state.most, ++state.running);
      try {
        return await done;
      } finally {
        state.running--;
      }
    };
    return { run, end };
  };
  return { state, task };
}

let name = '';
let names = 0;

beforeEach(() => {
  name = `database-${++names}`;
  vi.stubGlobal('navigator', {}); // Node 24 has Web Locks of its own
});

afterEach(() => {
  vi.restoreAllMocks();
  for (const each of started.splice(0)) each.end();
  vi.unstubAllGlobals();
});

function describeLane() {
  it('runs the uploads of one database one after another, in the order they came', async () => {
    const { state, task } = createTasks();
    const tasks = ['a', 'b', 'c'].map(task);
    const results = tasks.map(({ run }) => inLane(name, deadline(), run));
    for (const { end } of tasks) {
      await settle();
      expect(state.running).toBe(1);
      end();
    }
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c']);
    expect(state).toMatchObject({ most: 1, order: ['a', 'b', 'c'] });
  });

  it('runs the uploads of different databases side by side', async () => {
    const { state, task } = createTasks();
    const [a, b] = [task('a'), task('b')];
    const results = [inLane(name, deadline(), a.run), inLane(`${name}-other`, deadline(), b.run)];
    await settle();
    expect(state.running).toBe(2);
    a.end();
    b.end();
    await Promise.all(results);
  });

  it('is free again after a task that throws', async () => {
    const { task } = createTasks();
    const [a, b] = [task('a'), task('b')];
    const failing = inLane(name, deadline(), a.run);
    const next = inLane(name, deadline(), b.run);
    a.end(new Error('from the task'));
    b.end();
    await expect(failing).rejects.toThrow('from the task');
    expect(await next).toBe('b');
  });

  it('ends the wait at the deadline, without running the task', async () => {
    const { state, task } = createTasks();
    const [a, b] = [task('a'), task('b')];
    const before = inLane(name, deadline(), a.run);
    const late = deadline();
    const waiting = inLane(name, late, b.run);
    late.abort(timedOut());
    await expect(waiting).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('The previous upload is still running'),
    });
    a.end();
    await before;
    await settle();
    expect(state.order).toEqual(['a']);
  });

  it('ends the wait with what else ended the call, such as close()', async () => {
    const { state, task } = createTasks();
    const [a, b] = [task('a'), task('b')];
    const before = inLane(name, deadline(), a.run);
    const closed = deadline();
    const waiting = inLane(name, closed, b.run);
    const error = new UploadError('aborted', 'Closed.');
    closed.abort(error);
    await expect(waiting).rejects.toBe(error);
    a.end();
    await before;
    expect(state.order).toEqual(['a']);
  });

  it('stays taken when one that waited has given up: the next must not overlap with the first', async () => {
    const { state, task } = createTasks();
    const [a, b, c] = [task('a'), task('b'), task('c')];
    const first = inLane(name, deadline(), a.run);
    const impatient = deadline();
    const second = inLane(name, impatient, b.run);
    impatient.abort(timedOut());
    await expect(second).rejects.toThrow('still running');
    const third = inLane(name, deadline(), c.run);
    await settle();
    expect(state.order).toEqual(['a']);
    a.end();
    c.end();
    await Promise.all([first, third]);
    expect(state).toMatchObject({ most: 1, order: ['a', 'c'] });
  });

  it('lets those behind one that gave up go on in order', async () => {
    const { state, task } = createTasks();
    const [a, b, c] = [task('a'), task('b'), task('c')];
    const first = inLane(name, deadline(), a.run);
    const impatient = deadline();
    const second = inLane(name, impatient, b.run);
    const third = inLane(name, deadline(), c.run);
    impatient.abort(timedOut());
    await expect(second).rejects.toThrow('still running');
    a.end();
    c.end();
    await Promise.all([first, third]);
    expect(state).toMatchObject({ most: 1, order: ['a', 'c'] });
  });

  describe('behind a task that ends while something of it goes on', () => {
    /** A task that ends at once, though this work goes on; its result. */
    const leaving = (work: Promise<unknown>, result = 'left') =>
      inLane(name, deadline(), async (stay) => {
        stay(work);
        return result;
      });

    it('tells the caller at once, and keeps the next waiting until that has ended', async () => {
      const { state, task } = createTasks();
      const work = deferred();
      expect(await leaving(work.promise)).toBe('left');
      const next = task('next');
      const waiting = inLane(name, deadline(), next.run);
      await settle();
      expect(state.order).toEqual([]);
      work.resolve();
      next.end();
      expect(await waiting).toBe('next');
    });

    it('is free again however that ends, and waits for all of it', async () => {
      const { state, task } = createTasks();
      const [one, other] = [deferred(), deferred()];
      await inLane(name, deadline(), async (stay) => {
        stay(one.promise);
        stay(other.promise);
      });
      const next = task('next');
      const waiting = inLane(name, deadline(), next.run);
      one.reject(new Error('aborted'));
      await settle();
      expect(state.order).toEqual([]);
      other.resolve();
      next.end();
      expect(await waiting).toBe('next');
    });

    it('stays shut if the task throws, as it does at its deadline', async () => {
      const { state, task } = createTasks();
      const work = deferred();
      const failing = inLane(name, deadline(), async (stay) => {
        stay(work.promise);
        throw timedOut();
      });
      await expect(failing).rejects.toThrow('Too slow');
      const next = task('next');
      const waiting = inLane(name, deadline(), next.run);
      await settle();
      expect(state.order).toEqual([]);
      work.resolve();
      next.end();
      await waiting;
    });

    it('ends the wait at the deadline, says why, and stays shut for the one after', async () => {
      const { state, task } = createTasks();
      const work = deferred();
      await leaving(work.promise);
      const late = deadline();
      const impatient = inLane(name, late, task('impatient').run);
      late.abort(timedOut());
      await expect(impatient).rejects.toThrow(/transport may ignore its signal.*policy.*stay queued/);
      const next = task('next');
      const waiting = inLane(name, deadline(), next.run);
      await settle();
      expect(state.order).toEqual([]);
      work.resolve();
      next.end();
      await waiting;
      expect(state.order).toEqual(['next']);
    });

    it('leaves other databases alone', async () => {
      await leaving(new Promise(() => {}));
      expect(await inLane(`${name}-other`, deadline(), async () => 'other')).toBe('other');
    });

    it('takes it for stuck after five minutes, says so, and goes on', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
        const { state, task } = createTasks();
        await leaving(new Promise(() => {}));
        const own = deadline();
        own.end();
        const next = task('next');
        const waiting = inLane(name, own, next.run);
        await vi.advanceTimersByTimeAsync(STUCK_MS - 1);
        expect([state.order, logged.mock.calls]).toEqual([[], []]);
        await vi.advanceTimersByTimeAsync(1);
        expect(state.order).toEqual(['next']);
        expect(logged.mock.calls).toEqual([[expect.stringContaining('five minutes after its call')]]);
        next.end();
        await waiting;
        expect(STUCK_MS).toBe(300_000);
      } finally {
        vi.useRealTimers();
      }
    });

    it('leaves no timer behind where that ends in time', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const work = deferred();
        await leaving(work.promise);
        for (const each of started.splice(0)) each.end();
        expect(vi.getTimerCount()).toBeGreaterThan(0);
        work.resolve();
        await settle();
        expect(vi.getTimerCount()).toBe(0);
      } finally {
        vi.useRealTimers();
      }
    });
  });

  describe('laneIsLeft()', () => {
    const left = (timeoutMs = 60_000) => laneIsLeft(new FakeQueue(name), timeoutMs);

    it('ends at once where nothing is under way', async () => {
      await left();
    });

    it('waits for every upload that is under way or in line', async () => {
      const { task } = createTasks();
      const [a, b] = [task('a'), task('b')];
      const uploads = [inLane(name, deadline(), a.run), inLane(name, deadline(), b.run)];
      let isLeft = false;
      const leaving = left().then(() => {
        isLeft = true;
      });
      a.end();
      await settle();
      expect(isLeft).toBe(false);
      b.end();
      await leaving;
      await Promise.all(uploads);
    });

    it('does not wait for what only lingers behind one: that completes nothing', async () => {
      const work = deferred();
      await inLane(name, deadline(), async (stay) => stay(work.promise));
      await left();
      work.resolve();
    });

    it('waits for an upload, and not for what lingers behind it', async () => {
      const { task } = createTasks();
      const work = deferred();
      const a = task('a');
      const upload = inLane(name, deadline(), async (stay) => {
        stay(work.promise);
        return a.run();
      });
      let isLeft = false;
      const leaving = left().then(() => {
        isLeft = true;
      });
      await settle();
      expect(isLeft).toBe(false);
      a.end();
      await leaving;
      await upload;
      work.resolve();
    });

    it('says so where an upload does not end in time', async () => {
      const { task } = createTasks();
      const a = task('a');
      const upload = inLane(name, deadline(), a.run);
      await expect(left(5)).rejects.toMatchObject({ code: 'timeout' });
      a.end();
      await upload;
    });
  });
}

describe('inLane without Web Locks (Node, React Native)', () => {
  describeLane();

  it('runs a task at once where nothing is under way', async () => {
    expect(await inLane(name, deadline(), async () => 'done')).toBe('done');
    expect(await inLane(name, deadline(), async () => 'again')).toBe('again');
  });
});

type Callback = () => Promise<unknown>;
interface LockOptions {
  signal: AbortSignal;
}

/** `navigator.locks` as in the specification: one holder for each name, requests in order, abortable until granted. */
function createLocks() {
  const tails = new Map<string, Promise<unknown>>();
  const requested: string[] = [];
  const request = async (lock: string, { signal }: LockOptions, callback: Callback): Promise<unknown> => {
    requested.push(lock);
    const before = tails.get(lock) ?? Promise.resolve();
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    tails.set(
      lock,
      before.then(() => held),
    );
    try {
      const aborted = new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
      });
      await Promise.race([before, aborted]);
      return await callback();
    } finally {
      release();
    }
  };
  return { request, requested };
}

describe('inLane with Web Locks', () => {
  beforeEach(() => {
    vi.stubGlobal('navigator', { locks: createLocks() });
  });

  describeLane();

  it('asks for a lock that is named after the database, so that tabs of one database meet', async () => {
    const locks = createLocks();
    vi.stubGlobal('navigator', { locks });
    await inLane(name, deadline(), async () => {});
    expect(locks.requested).toEqual([`powersync-backend-connector:${name}`]);
  });

  it('waits for another tab that holds the lock', async () => {
    const locks = createLocks();
    vi.stubGlobal('navigator', { locks });
    const { state, task } = createTasks();
    const [theirs, ours] = [task('another tab'), task('this tab')];
    const signal = new AbortController().signal;
    const other = locks.request(`powersync-backend-connector:${name}`, { signal }, theirs.run);
    const own = inLane(name, deadline(), ours.run);
    await settle();
    expect(state.order).toEqual(['another tab']);
    theirs.end();
    ours.end();
    await Promise.all([other, own]);
    expect(state.most).toBe(1);
  });

  it('keeps the lock as long as something of a task goes on, so that another tab waits for it too', async () => {
    const locks = createLocks();
    vi.stubGlobal('navigator', { locks });
    const work = deferred();
    await inLane(name, deadline(), async (stay) => stay(work.promise));
    const theirs = vi.fn(async () => {});
    const { signal } = new AbortController();
    const other = locks.request(`powersync-backend-connector:${name}`, { signal }, theirs);
    await settle();
    expect(theirs).not.toHaveBeenCalled();
    work.resolve();
    await other;
    expect(theirs).toHaveBeenCalledTimes(1);
  });

  it('laneIsLeft() waits for another tab too', async () => {
    const locks = createLocks();
    vi.stubGlobal('navigator', { locks });
    const theirs = deferred();
    const { signal } = new AbortController();
    const other = locks.request(`powersync-backend-connector:${name}`, { signal }, () => theirs.promise);
    let isLeft = false;
    const leaving = laneIsLeft(new FakeQueue(name), 60_000).then(() => {
      isLeft = true;
    });
    await settle();
    expect(isLeft).toBe(false);
    theirs.resolve();
    await Promise.all([leaving, other]);
  });

  it.each([
    ['before', true],
    ['while it waits', false],
  ])('laneIsLeft() waits for another tab also where an upload here ended %s', async (_, isBefore) => {
    const locks = createLocks();
    vi.stubGlobal('navigator', { locks });
    const [ours, theirs] = [deferred(), deferred()];
    const own = inLane(name, deadline(), () => ours.promise);
    await settle();
    const { signal } = new AbortController();
    const other = locks.request(`powersync-backend-connector:${name}`, { signal }, () => theirs.promise);
    const end = async (): Promise<void> => {
      ours.resolve();
      await own;
      await settle();
    };
    if (isBefore) await end();
    const left = vi.fn();
    const leaving = laneIsLeft(new FakeQueue(name), 60_000).then(left);
    await settle();
    await end();
    expect(left).not.toHaveBeenCalled();
    theirs.resolve();
    await Promise.all([leaving, other]);
  });

  it('ends the wait for another tab at the deadline, without running the task', async () => {
    vi.stubGlobal('navigator', {
      locks: {
        request: (_: string, { signal }: LockOptions) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')));
          }),
      },
    });
    const task = vi.fn(async () => {});
    const late = deadline();
    const waiting = inLane(name, late, task);
    await settle();
    const error = timedOut();
    late.abort(error);
    await expect(waiting).rejects.toBe(error);
    expect(task).not.toHaveBeenCalled();
  });

  it('runs the task without a lock where locks are refused, as in an opaque origin', async () => {
    const refused = new DOMException('no locks here', 'SecurityError');
    vi.stubGlobal('navigator', { locks: { request: () => Promise.reject(refused) } });
    const task = vi.fn(async () => 'done');
    expect(await inLane(name, deadline(), task)).toBe('done');
    expect(task).toHaveBeenCalledTimes(1);
  });

  it('runs the task without a lock where the request throws at once', async () => {
    vi.stubGlobal('navigator', {
      locks: {
        request: () => {
          throw new DOMException('the document is not fully active', 'InvalidStateError');
        },
      },
    });
    expect(await inLane(name, deadline(), async () => 'done')).toBe('done');
  });

  it('runs a failing task once: its error is not taken for a refused lock', async () => {
    const task = vi.fn(() => Promise.reject(new Error('from the task')));
    await expect(inLane(name, deadline(), task)).rejects.toThrow('from the task');
    expect(task).toHaveBeenCalledTimes(1);
  });

  it('lets a task end whose lock is stolen meanwhile, instead of running it again', async () => {
    let steal: () => void = () => {};
    vi.stubGlobal('navigator', {
      locks: {
        request: (_: string, __: LockOptions, callback: Callback) =>
          new Promise((_resolve, reject) => {
            void callback();
            steal = () => reject(new DOMException('stolen', 'AbortError'));
          }),
      },
    });
    const { state, task } = createTasks();
    const own = task('this tab');
    const result = inLane(name, deadline(), own.run);
    await settle();
    steal();
    await settle();
    own.end();
    expect(await result).toBe('this tab');
    expect(state.order).toEqual(['this tab']);
  });
});
