/** How the waits between tries grow. Times are in milliseconds; `jitter` is a share from 0 to 1. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
  readonly jitter: number;
}

/**
 * Milliseconds to wait after this many failures in a row: `baseMs`, doubled with each further failure, up to `maxMs`.
 *
 * Jitter only shortens a wait. So the first wait ends before the SDK's own retry, which comes after the same five
 * seconds (give or take a tenth) and would otherwise often find the gate still shut.
 */
export function backoffMs(failures: number, { baseMs, maxMs, jitter }: Backoff, random: number): number {
  return Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 30)) * (1 - jitter * random);
}
