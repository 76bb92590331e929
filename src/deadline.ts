import { UploadError } from './outcome/upload-error.ts';

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
  let error: UploadError | undefined;
  const endsAt = Date.now() + timeoutMs;
  let fail: (error: UploadError) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {});
  const abort = (reason: UploadError): void => {
    if (error) return;
    error = reason;
    fail(reason);
    controller.abort();
  };
  const timer = setTimeout(() => {
    abort(
      new UploadError(
        'timeout',
        `No answer within ${timeoutMs} ms (retry.timeoutMs). The writes stay queued.`,
      ),
    );
  }, timeoutMs);
  return {
    signal: controller.signal,
    get error() {
      return error;
    },
    check() {
      if (error) throw error;
    },
    race: (work) => Promise.race([work, failed]),
    timeLeftMs: () => Math.max(0, endsAt - Date.now()),
    abort,
    end: () => clearTimeout(timer),
  };
}
