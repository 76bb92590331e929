import type { PlatformAbortSignal } from '../transport/platform.ts';

export type Task<T> = (signal: AbortSignal) => Promise<T>;
/** Runs a task with a time limit. */
export type Within = <T>(task: Task<T>) => Promise<T>;

/**
 * Settles like the task, or rejects with an `AbortError` or `TimeoutError` if that comes first, because a task may
 * ignore its signal. Written by hand, because React Native's AbortSignal has no `any()` and `timeout()`.
 */
export async function withDeadline<T>(
  task: Task<T>,
  timeoutMs: number,
  signal: PlatformAbortSignal | undefined,
): Promise<T> {
  const controller = new AbortController();
  let end = (_name: string): void => {};
  const ended = new Promise<never>((_, reject) => {
    end = (name) => {
      reject(Object.assign(new Error(), { name }));
      controller.abort();
    };
  });
  const abort = (): void => end('AbortError');
  const timer = setTimeout(() => end('TimeoutError'), timeoutMs);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  try {
    const started = Promise.resolve().then(() =>
      controller.signal.aborted ? ended : task(controller.signal),
    );
    return await Promise.race([ended, started]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** Name of a thrown error. Its message isn't shown, because it may hold anything. */
export function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : typeof thrown;
}
