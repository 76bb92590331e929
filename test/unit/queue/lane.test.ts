import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Deadline, startDeadline } from '../../../src/deadline.ts';
import { UploadError } from '../../../src/outcome/upload-error.ts';
import { inLane } from '../../../src/queue/lane.ts';

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
    const error = timedOut();
    late.abort(error);
    await expect(waiting).rejects.toBe(error);
    a.end();
    await before;
    await settle();
    expect(state.order).toEqual(['a']);
  });

  it('stays taken when one that waited has given up: the next must not overlap with the first', async () => {
    const { state, task } = createTasks();
    const [a, b, c] = [task('a'), task('b'), task('c')];
    const first = inLane(name, deadline(), a.run);
    const impatient = deadline();
    const second = inLane(name, impatient, b.run);
    impatient.abort(timedOut());
    await expect(second).rejects.toThrow('Too slow');
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
    await expect(second).rejects.toThrow('Too slow');
    a.end();
    c.end();
    await Promise.all([first, third]);
    expect(state).toMatchObject({ most: 1, order: ['a', 'c'] });
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
