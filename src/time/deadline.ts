import { UploadError } from '../error/upload-error.ts';

/** The end of one call: after so many milliseconds, or when somebody ends it earlier. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Why the call ended early; undefined while it has not. */
  readonly error: UploadError | undefined;
  /** Throws `error` once there is one. */
  check(): void;
  /** Settles like `work`, or rejects with `error` if that comes first, so that nothing can hold up the call. */
  race<T>(work: PromiseLike<T> | T): Promise<T>;
  /** Milliseconds that are left, at least 0. */
  timeLeftMs(): number;
  abort(error: UploadError): void;
  /** Stops the timer; the call is over. */
  end(): void;
}

/**
 * Starts a deadline.
 *
 * It carries its own error because React Native's AbortSignal knows no `reason`, `any()` or `timeout()`.
 */
export function startDeadline(timeoutMs: number): Deadline {
  const controller = new AbortController();
  const endsAt = Date.now() + timeoutMs;
  let fail: (error: UploadError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  // `error` is a plain member: with a getter in an object made for each call, V8 would keep all that the call has touched
  // until its next full collection.
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
      new UploadError(
        'timeout',
        `No answer within ${timeoutMs} ms (retry.timeoutMs). The writes stay queued.`,
      ),
    );
  }, timeoutMs);
  return deadline;
}

/** Settles like the work, or fails when that takes too long. */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const deadline = startDeadline(timeoutMs);
  try {
    return await deadline.race(work);
  } finally {
    deadline.end();
  }
}
