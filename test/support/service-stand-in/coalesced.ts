/**
 * Never runs `task` twice at the same time. All calls during a run together cause one more run after it. The returned
 * promise belongs to a run that began after the call.
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
