/** The curve of waits after failures. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/**
 * Milliseconds to wait after the given number of failures in a row: `baseMs` doubled each time, up to `maxMs`.
 *
 * Jitter only shortens a wait, so that the first one ends before the SDK's own retry, which comes after the same five
 * seconds (give or take a tenth) and would otherwise find the gate just shut.
 */
export function backoffMs(failures: number, { baseMs, maxMs, jitter }: Backoff, random: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)) * (1 - jitter * random);
}
