import type { Deadline } from '../deadline.ts';

/** The last upload to leave, per client id: one lane for each database file of this JS realm. */
const tails = new Map<string, Promise<void>>();

/**
 * Runs `task` when no other upload of the same database runs: neither in this realm nor, where Web Locks exist, in
 * another tab. Waiting counts against the call's deadline.
 */
export async function inLane<T>(clientId: string, deadline: Deadline, task: () => Promise<T>): Promise<T> {
  const before = tails.get(clientId);
  let leave = (): void => {};
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const tail = before ? before.then(() => left) : left;
  tails.set(clientId, tail);
  try {
    if (before) await deadline.race(before);
    return await withWebLock(clientId, deadline, task);
  } finally {
    leave();
    // Not before those in front have left too: one that gave up waiting must not open the lane for the next.
    void tail.then(() => {
      if (tails.get(clientId) === tail) tails.delete(clientId);
    });
  }
}

async function withWebLock<T>(clientId: string, deadline: Deadline, task: () => Promise<T>): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: LockManagerLike } }).navigator?.locks;
  if (!locks) return task();
  let result: Promise<T> | undefined;
  const run = (): Promise<T> => {
    result = task();
    return result;
  };
  try {
    await locks.request(`powersync-backend-connector:${clientId}`, { signal: deadline.signal }, run);
  } catch {
    // Either the task itself failed (its own promise tells), or there was no lock to be had.
  }
  if (result) return result;
  deadline.check();
  return task(); // Refused outright, as in an opaque origin: the lane of this realm has to do.
}

interface LockManagerLike {
  request(name: string, options: { signal: unknown }, callback: () => Promise<unknown>): Promise<unknown>;
}
