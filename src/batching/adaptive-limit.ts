/**
 * The most transactions that are sent together, learnt from what the backend coped with: halved when a batch was too
 * large or too slow, and raised by one with each full batch that went through (additive increase, multiplicative
 * decrease, as in TCP's congestion avoidance), so that a backlog is neither stuck nor crawling after an outage.
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
  return {
    get current() {
      return current;
    },
    succeeded(size) {
      if (size >= current) current++;
    },
    failed(size) {
      current = Math.max(1, Math.floor(Math.min(size, current) / 2));
    },
  };
}
