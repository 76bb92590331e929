// Virtual time. Everything that waits (timers, SQLite, the network) waits in one queue. A seed decides the order, so a
// history runs the same way each time, and an hour takes no time.

/** Random numbers from a seed (mulberry32). */
export interface Dice {
  /** A number from 0 to below 1. */
  (): number;
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  pick<T>(list: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

export function dice(seed: number): Dice {
  let state = seed >>> 0;
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(roll() * end);
  return Object.assign(roll, {
    below,
    pick: <T>(list: readonly T[]): T => list[below(list.length)] as T,
    chance: (probability: number): boolean => roll() < probability,
  });
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

export interface Scheduler {
  readonly now: number;
  /** Runs something after this many milliseconds. Returns a function that cancels it. */
  after(ms: number, run: () => void): () => void;
  /** Resolves after this many milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Lets this many milliseconds pass, and runs what is due. */
  advance(ms: number): Promise<void>;
}

const { setImmediate: realImmediate } = globalThis;

export function createScheduler(start: number): Scheduler {
  let now = start;
  let order = 0;
  const events: Event[] = []; // a binary heap

  const isBefore = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
  function push(event: Event): void {
    let at = events.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, events[parent] as Event)) break;
      events[at] = events[parent] as Event;
      at = parent;
    }
    events[at] = event;
  }
  function pop(): Event | undefined {
    const [first] = events;
    const last = events.pop();
    if (!last || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= events.length) break;
      if (child + 1 < events.length && isBefore(events[child + 1] as Event, events[child] as Event)) child++;
      if (!isBefore(events[child] as Event, last)) break;
      events[at] = events[child] as Event;
      at = child;
    }
    events[at] = last;
    return first;
  }

  const scheduler: Scheduler = {
    get now() {
      return now;
    },
    after(ms, run) {
      let isCancelled = false;
      push({ at: now + Math.max(0, ms), order: order++, run: () => isCancelled || run() });
      return () => {
        isCancelled = true;
      };
    },
    sleep: (ms) => new Promise((resolve) => scheduler.after(ms, resolve)),
    async advance(ms) {
      const end = now + ms;
      await settle();
      while (events[0] && events[0].at <= end) {
        const event = pop() as Event;
        now = Math.max(now, event.at);
        event.run();
        await settle();
      }
      now = end;
    },
  };
  return scheduler;
}

/** Resolves when no promise has anything left to do. */
function settle(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

/** While `run` is running, the platform's timers and clock use virtual time, and nothing is printed. */
export async function inVirtualTime<T>(scheduler: Scheduler, run: () => Promise<T>): Promise<T> {
  const { setTimeout: realSet, clearTimeout: realClear, Date: RealDate } = globalThis;
  const realNow = RealDate.now;
  const { warn, error } = console;
  const cancels = new Map<number, () => void>();
  let ids = 0;
  globalThis.setTimeout = ((callback: () => void, ms = 0) => {
    const id = ++ids;
    cancels.set(id, scheduler.after(ms, callback));
    return id;
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((id: number) => cancels.get(id)?.()) as unknown as typeof clearTimeout;
  RealDate.now = () => scheduler.now;
  console.warn = () => {};
  console.error = () => {};
  try {
    return await run();
  } finally {
    globalThis.setTimeout = realSet;
    globalThis.clearTimeout = realClear;
    RealDate.now = realNow;
    Object.assign(console, { warn, error });
  }
}
