/**
 * The most transactions in one batch, learnt from what the backend could handle, as in TCP's congestion control.
 *
 * Halved when a batch was too large, too slow, or failed twice in a row. Raised by one with each full batch that
 * succeeds, so that a backend's limit is approached slowly. Doubled once a size that had failed succeeds: then the
 * failure was an outage, and the backlog should go out fast.
 */
export interface AdaptiveLimit {
  readonly current: number;
  /** A batch of this many transactions was settled. */
  succeeded(size: number): void;
  /** A batch of this many transactions was too large. */
  failed(size: number): void;
}

export function createAdaptiveLimit(): AdaptiveLimit {
  let current = Number.POSITIVE_INFINITY;
  let smallestFailed = Number.POSITIVE_INFINITY;
  return {
    get current() {
      return current;
    },
    succeeded(size) {
      if (size >= smallestFailed) smallestFailed = Number.POSITIVE_INFINITY;
      if (size >= current) current = smallestFailed === Number.POSITIVE_INFINITY ? current * 2 : current + 1;
    },
    failed(size) {
      smallestFailed = Math.min(smallestFailed, size);
      current = Math.max(1, Math.floor(Math.min(size, current) / 2));
    },
  };
}
