/**
 * Runs `task` one at a time. A call during a run asks for exactly one more run afterwards, however many such
 * calls there are. The returned promise is that of a run which began after the call.
 */
export function coalesced(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let queued: Promise<void> | undefined;
  return () => {
    queued ??= running.then(() => {
      queued = undefined;
      const run = task();
      running = run.catch(() => {});
      return run;
    });
    return queued;
  };
}
