import { MAX_RETRY_AFTER_MS } from '../error/retry-after.ts';
import type { UploadError } from '../error/upload-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';

/** Gate: shut for a while after each failure. While it is shut, an upload rethrows the last error without any IO. */
export interface Gate {
  /**
   * The last error while the gate is shut. With `evenIfBackingOff`, the gate counts as shut only while the backend
   * itself asked to wait.
   */
  shutBy(evenIfBackingOff: boolean): UploadError | undefined;
  /**
   * Remembers the error and shuts the gate: for longer with every failure in a row, but no longer than `withinMs`,
   * unless the backend asked for a longer wait. Returns when it opens, in epoch milliseconds.
   */
  shut(error: UploadError, withinMs?: number): number;
  /** Opens the gate, and keeps the count of failures. */
  open(): void;
  /** Opens the gate and clears the failures, because the queue moved. */
  reset(): void;
  /** The error that last shut the gate, until `reset()`. */
  readonly error: UploadError | undefined;
  /** Failures since the queue last moved. */
  readonly failures: number;
}

export function createGate(backoff: Backoff, clock: () => number, random: () => number): Gate {
  let error: UploadError | undefined;
  let failures = 0;
  let shutAt = 0;
  let opensAt = 0;
  let askedUntil = 0;
  return {
    shutBy(evenIfBackingOff) {
      const now = clock();
      // If the clock was set back, the wait seems to start in the future. It must not keep the gate shut.
      const isShut = now < (evenIfBackingOff ? askedUntil : opensAt) && now >= shutAt;
      return isShut ? error : undefined;
    },
    shut(reason, withinMs = Number.POSITIVE_INFINITY) {
      error = reason;
      failures++;
      shutAt = clock();
      askedUntil = shutAt + Math.min(reason.retryAfterMs || 0, MAX_RETRY_AFTER_MS);
      const waitMs = Math.min(backoffMs(failures, backoff, random()), withinMs);
      opensAt = Math.ceil(Math.max(askedUntil, shutAt + waitMs));
      return opensAt;
    },
    open() {
      opensAt = 0;
      askedUntil = 0;
    },
    reset() {
      error = undefined;
      failures = 0;
    },
    get error() {
      return error;
    },
    get failures() {
      return failures;
    },
  };
}
