import { MAX_RETRY_AFTER_MS } from '../error/retry-after.ts';
import type { UploadError } from '../error/upload-error.ts';
import { type Backoff, backoffMs } from './backoff.ts';

/** The not-before time after a failure. While it is shut, an upload rethrows the remembered error, without IO. */
export interface Gate {
  /** The remembered error while it is shut. `evenIfBackingOff` passes, except while the backend itself asked to wait. */
  shutBy(evenIfBackingOff: boolean): UploadError | undefined;
  /**
   * Remembers the error and shuts, for longer with every failure in a row, but no longer than `withinMs` unless the backend
   * asked to wait. Returns when it opens, in epoch ms.
   */
  shut(error: UploadError, withinMs?: number): number;
  /** Opens at once, and keeps the count of failures. */
  open(): void;
  /** Opens, and forgets the failures: the queue moved. */
  reset(): void;
  /** The error it was last shut with, until it is reset. */
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
      // A clock that was set back must not keep it shut: a wait can't start in the future.
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
