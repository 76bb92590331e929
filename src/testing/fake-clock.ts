/** A clock for tests: a function, as the option `clock` of `BackendConnector` takes it. */
export interface FakeClock {
  /** What it shows, in epoch milliseconds. */
  (): number;
  /** Moves it by so many milliseconds; a negative number sets it back, as a user may. */
  advance(ms: number): void;
  /** Sets it to an epoch millisecond. */
  set(epochMs: number): void;
}

/**
 * A clock that stands still until it is moved. Given to the connector, it decides when the gate opens after a failure,
 * and when a token has run out: so a test needs no waiting. With `random: () => 0` waits are not shortened, and are thus
 * known to the millisecond.
 *
 * Deadlines (`retry.timeoutMs`) and the timers of `keepUploading()` run by the real clock all the same.
 *
 * @param start Epoch milliseconds. Default: now, so that the tokens of a real server are still good.
 * @throws TypeError for what is no finite number.
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
 * await connector.uploadData(db).catch(() => {}); // shuts the gate for 5 s
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
