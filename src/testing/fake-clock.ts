/** A clock for tests: a function, for the option `clock` of `BackendConnector`. */
export interface FakeClock {
  /** Returns the time in epoch milliseconds. */
  (): number;
  /** Moves the clock forward by this many milliseconds. A negative number sets it back, as a user may do. */
  advance(ms: number): void;
  /** Sets the clock to a time in epoch milliseconds. */
  set(epochMs: number): void;
}

/**
 * Makes a clock that stands still until the test moves it. Passed to the connector's option `clock`, it decides when
 * the connector tries again after a failure, and when a token expires, so the test doesn't have to wait. With `random:
 * () => 0` the waits are exact.
 *
 * Deadlines (`retry.timeoutMs`) and the timers of `keepUploading()` use the real clock.
 *
 * @param start Epoch milliseconds. Default: now, so that tokens of a real server are valid.
 * @throws TypeError if a time is not a finite number.
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
