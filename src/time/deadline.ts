import { UploadError } from '../error/upload-error.ts';

/** Time limit of one call, which can also be aborted earlier. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the call was aborted: the time-out or the error passed to `abort()`. Undefined until then. */
  readonly error: UploadError | undefined;
  /** Throws `error` once there is one. */
  check(): void;
  /** Settles like `work`, or rejects with `error` if the call is aborted first. So no work can hold up the call. */
  race<T>(work: PromiseLike<T> | T): Promise<T>;
  /** Milliseconds until the time-out, at least 0. */
  timeLeftMs(): number;
  abort(error: UploadError): void;
  /** Stops the timer, because the call is over. */
  end(): void;
}

/** The longest delay that `setTimeout` takes. It takes a longer one for 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Starts a deadline.
 *
 * @param option Name of the option that sets the time-out, for the message.
 *
 * It has its own `error` because React Native's AbortSignal has no `reason`, `any()` or `timeout()`.
 */
export function startDeadline(timeoutMs: number, option = 'retry.timeoutMs'): Deadline {
  const controller = new AbortController();
  const endsAt = Date.now() + timeoutMs;
  let fail: (error: UploadError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  // `error` is a plain member. With a getter in an object made for each call, V8 would keep everything that the call
  // used
  // in memory until its next full garbage collection.
  const deadline = {
    signal: controller.signal,
    error: undefined as UploadError | undefined,
    check() {
      if (deadline.error) throw deadline.error;
    },
    race: <T>(work: PromiseLike<T> | T): Promise<T> => Promise.race([work, failed]),
    timeLeftMs: () => Math.max(0, endsAt - Date.now()),
    abort(reason: UploadError) {
      if (deadline.error) return;
      deadline.error = reason;
      fail(reason);
      controller.abort();
    },
    end: () => clearTimeout(timer),
  };
  const timer = setTimeout(() => {
    deadline.abort(
      new UploadError('timeout', `No answer within ${timeoutMs} ms (${option}). The writes stay queued.`),
    );
  }, timeoutMs);
  return deadline;
}

/** Settles like `work`, or rejects with `timeout` if that takes longer than `timeoutMs`. */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const deadline = startDeadline(timeoutMs);
  try {
    return await deadline.race(work);
  } finally {
    deadline.end();
  }
}
