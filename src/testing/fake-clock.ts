/** A clock for tests: a function, for the option `clock` of `BackendConnector`. */
export interface FakeClock {
  /** Returns the time in epoch milliseconds. */
  (): number;
  /** Moves the clock by this many milliseconds. A negative number sets it back, as a user can. */
  advance(ms: number): void;
  /** Sets the clock to a time in epoch milliseconds. */
  set(epochMs: number): void;
}

/**
 * Makes a clock that stands still until you move it. With it, the connector's gate opens and its tokens expire only
 * when the test moves the clock, so the test doesn't have to wait. With `random: () => 0` the waits aren't shortened,
 * so you know their exact length.
 *
 * Deadlines (`retry.timeoutMs`) and the timers of `keepUploading()` still use the real clock.
 *
 * @param start Time at the start, in epoch milliseconds. Default: now, so that tokens of a real server are valid.
 * @throws TypeError if a time isn't a finite number.
 *
 * @example
 * ```ts
 * import { BackendConnector, UploadError } from 'powersync-backend-connector';
 * import { fakeClock, memoryDatabase } from 'powersync-backend-connector/testing';
 *
 * const clock = fakeClock();
 * let isDown = true;
 * const connector = new BackendConnector({
 *   endpoint: 'https://service.test',
 *   credentials: async () => ({ token: 'token' }),
 *   transport: async ({ transactions }) => {
 *     if (isDown) throw new UploadError('unavailable', 'Down.');
 *     return transactions.map(() => ({ status: 'applied' }));
 *   },
 *   clock,
 *   random: () => 0,
 * });
 * const db = memoryDatabase();
 * await db.put('todos', 'a', { description: 'Milk' });
 * await connector.uploadData(db).catch(() => {}); // now it waits for 5 s
 * isDown = false;
 * clock.advance(5_000);
 * await connector.uploadData(db);
 * console.log(await db.getCrudBatch()); // null
 * ```
 */
export function fakeClock(start: number = Date.now()): FakeClock {
  let now = finite(start);
  return Object.assign(() => now, {
    advance(ms: number) {
      now += finite(ms);
    },
    set(epochMs: number) {
      now = finite(epochMs);
    },
  });
}

function finite(value: number): number {
  if (!Number.isFinite(value))
    throw new TypeError('fakeClock: a time must be a finite number of milliseconds.');
  return value;
}
