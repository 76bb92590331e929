import type { Browser } from 'playwright-core';

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  /** Microseconds of CPU that the thread got meanwhile. */
  tdur?: number;
  args: { name?: string };
}

/**
 * The tasks that ran on the UI threads of pages since `browser.startTracing()`, in order: milliseconds of CPU that each
 * took. Not of the clock: on a busy machine a task is as long as other processes keep its core.
 */
export async function stopTracingTasks(browser: Browser): Promise<number[]> {
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: TraceEvent[];
  };
  const threadOf = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const uiThreads = new Set(
    traceEvents
      .filter(({ ph, name, args }) => ph === 'M' && name === 'thread_name' && args.name === 'CrRendererMain')
      .map(threadOf),
  );
  return traceEvents
    .filter((event) => event.name === 'RunTask' && uiThreads.has(threadOf(event)))
    .sort((a, b) => a.ts - b.ts)
    .map(({ tdur = 0 }) => tdur / 1_000);
}

/** The categories that `stopTracingTasks()` reads, and no other: reading more would take a minute. */
export const TASKS = ['-*', 'disabled-by-default-devtools.timeline'];
