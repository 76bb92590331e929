/**
 * The most transactions that are sent together, learnt from what the backend coped with, as in TCP's congestion control.
 *
 * Halved when a batch was too large, too slow, or failed on the network twice. Raised by one with each full batch that
 * goes through, so that a backend's limit is approached gently; but doubled once a size that had failed goes through
 * after all: then it was an outage, and the backlog shouldn't crawl.
 */
export interface AdaptiveLimit {
  readonly current: number;
  /** A batch of this many transactions moved the queue. */
  succeeded(size: number): void;
  /** A batch of this many transactions was too much. */
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
