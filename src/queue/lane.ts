import type { ConnectorDatabase } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { UploadError } from '../error/upload-error.ts';
import { type Deadline, startDeadline } from '../time/deadline.ts';

interface Tail {
  /** The last upload, and all before it, have ended. */
  readonly ended: Promise<unknown>;
  /** So has what goes on after them. */
  readonly left: Promise<unknown>;
}

/** The last upload to leave, per client id: one lane for each database file of this JS realm. */
const tails = new Map<string, Tail>();

/** How long the lane stays shut behind a call that goes on though it was told to end. */
export const STUCK_MS = 300_000;

/** Keeps the lane shut until this is over, though the task is. */
export type Stay = (work: Promise<unknown>) => void;

/**
 * Runs `task` when no other upload of the same database runs: neither in this realm nor, where Web Locks exist, in
 * another tab. Waiting counts against the call's deadline.
 *
 * An app's own function may ignore its signal and go on after the upload has ended. The next upload waits for it, or it
 * would overtake writes that are still under way. One that hasn't ended after five minutes is taken for stuck: what it
 * does then can overlap with later uploads, which the idempotency keys make harmless where the backend knows them.
 */
export async function inLane<T>(
  clientId: string,
  deadline: Deadline,
  task: (stay: Stay) => Promise<T>,
): Promise<T> {
  const before = tails.get(clientId);
  const lingering: Promise<unknown>[] = [];
  let ending: Promise<void> | undefined;
  const lingered = (): Promise<void> | undefined => {
    if (lingering.length) ending ??= endOf(lingering);
    return ending;
  };
  const run = (): Promise<T> => task((work) => lingering.push(work));
  const [ended, left] = [signal(), signal()];
  const tail = { ended: after(before?.ended, ended.promise), left: after(before?.left, left.promise) };
  tails.set(clientId, tail);
  try {
    if (before) await deadline.race(before.left).catch(stillBusy);
    return await withWebLock(clientId, deadline, run, lingered);
  } finally {
    ended.fire();
    const rest = lingered();
    if (rest) void rest.then(left.fire);
    else left.fire();
    // Not before those in front have left too: one that gave up waiting must not open the lane for the next.
    void tail.left.then(() => {
      if (tails.get(clientId) === tail) tails.delete(clientId);
    });
  }
}

function signal(): { readonly promise: Promise<void>; fire(): void } {
  let fire = (): void => {};
  const promise = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { promise, fire: () => fire() };
}

function after(before: Promise<unknown> | undefined, then: Promise<unknown>): Promise<unknown> {
  return before ? before.then(() => then) : then;
}

/**
 * Waits until no upload of the database is under way any more; for what only lingers behind one it doesn't wait, since
 * that completes nothing. Throws `timeout` if it takes too long.
 */
export async function laneIsLeft(database: ConnectorDatabase, timeoutMs: number): Promise<void> {
  const deadline = startDeadline(timeoutMs);
  try {
    const clientId = await deadline.race(clientIdOf(database));
    const tail = tails.get(clientId);
    await deadline.race(tail?.ended);
    if (tail && tails.get(clientId) === tail) return; // It lingers, and keeps other tabs away.
    await inLane(clientId, deadline, async () => {});
  } finally {
    deadline.end();
  }
}

function stillBusy(reason: unknown): never {
  if (!(reason instanceof UploadError) || reason.code !== 'timeout') throw reason;
  throw new UploadError(
    'timeout',
    'The upload before this one is still under way: does a transport ignore its signal, or a rejection policy take its time? ' +
      'Nothing is sent before it has ended. The writes stay queued.',
  );
}

async function endOf(lingering: readonly Promise<unknown>[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stuck = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      console.error(
        'powersync-backend-connector: a transport or rejection policy has not ended five minutes after its call. Uploads go ' +
          'on without it; what it still sends is out of order.',
      );
      resolve();
    }, STUCK_MS);
    (timer as { unref?(): void }).unref?.(); // It must not keep Node alive.
  });
  await Promise.race([Promise.all(lingering.map((work) => work.catch(() => {}))), stuck]);
  clearTimeout(timer);
}

async function withWebLock<T>(
  clientId: string,
  deadline: Deadline,
  task: () => Promise<T>,
  lingered: () => Promise<void> | undefined,
): Promise<T> {
  const locks = (globalThis as { navigator?: { locks?: LockManagerLike } }).navigator?.locks;
  if (!locks) return task();
  let result: Promise<T> | undefined;
  let begin = (): void => {};
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const run = async (): Promise<void> => {
    result = task();
    begin();
    await result.catch(() => {}); // Its own promise tells.
    await lingered();
  };
  const name = `powersync-backend-connector:${clientId}`;
  // Without a lock to be had, it ends before the task has begun.
  const request = async (): Promise<unknown> => locks.request(name, { signal: deadline.signal }, run);
  await Promise.race([begun, request().catch(() => {})]);
  if (result) return result;
  deadline.check();
  return task(); // Refused outright, as in an opaque origin: the lane of this realm has to do.
}

interface LockManagerLike {
  request(name: string, options: { signal: unknown }, callback: () => Promise<unknown>): Promise<unknown>;
}
