import type { ConnectorDatabase } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import { UploadError } from '../error/upload-error.ts';
import { type Deadline, startDeadline } from '../time/deadline.ts';

interface Tail {
  /** Settles when the last upload and all before it have ended. */
  readonly ended: Promise<unknown>;
  /** Settles when, in addition, the calls that outlived these uploads have ended. */
  readonly left: Promise<unknown>;
}

/** The last upload in each lane, by client id: one lane for each database file in this JS realm. */
const tails = new Map<string, Tail>();

/** How long the lane waits for a call that goes on after it was aborted, in milliseconds. */
export const STUCK_MS = 300_000;

/** Keeps the lane busy until this work has ended, even if the task ends before it. */
export type Stay = (work: Promise<unknown>) => void;

/**
 * Runs `task` when no other upload of the same database is running: neither in this JS realm nor, if the platform has
 * Web Locks, in another tab. Waiting counts against the call's deadline.
 *
 * A function of the app may ignore its signal and go on after the upload has ended. The next upload waits for it;
 * otherwise it would overtake writes that are still in flight. A call that hasn't ended after five minutes counts as
 * stuck, and the lane goes on. What it still sends can then overlap with later uploads; that is harmless if the backend
 * uses the idempotency keys.
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
    // Only after those in front have left too: an upload that gave up waiting must not open the lane for the next.
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
 * Waits until no upload of the database is running. Doesn't wait for calls that outlived an upload, since they complete
 * nothing.
 *
 * @throws UploadError `timeout` if it takes longer than `timeoutMs`.
 */
export async function laneIsLeft(database: ConnectorDatabase, timeoutMs: number): Promise<void> {
  const deadline = startDeadline(timeoutMs);
  try {
    const clientId = await deadline.race(clientIdOf(database));
    const tail = tails.get(clientId);
    await deadline.race(tail?.ended);
    if (tail && tails.get(clientId) === tail) return; // Its Web Lock is still held and keeps other tabs away.
    await inLane(clientId, deadline, async () => {});
  } finally {
    deadline.end();
  }
}

function stillBusy(reason: unknown): never {
  if (!(reason instanceof UploadError) || reason.code !== 'timeout') throw reason;
  throw new UploadError(
    'timeout',
    'The previous upload is still running: a transport may ignore its signal, or a rejection policy may be slow. ' +
      'Nothing is sent before it has ended. The writes stay queued.',
  );
}

async function endOf(lingering: readonly Promise<unknown>[]): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stuck = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      console.error(
        'powersync-backend-connector: a transport or rejection policy has not ended five minutes after its call. Uploads go ' +
          'on without it. What it still sends is out of order: let it end when its signal is aborted.',
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
    await result.catch(() => {}); // The caller gets the error from `result`.
    await lingered();
  };
  const name = `powersync-backend-connector:${clientId}`;
  // If no lock can be requested, this settles before the task has begun.
  const request = async (): Promise<unknown> => locks.request(name, { signal: deadline.signal }, run);
  await Promise.race([begun, request().catch(() => {})]);
  if (result) return result;
  deadline.check();
  return task(); // The platform refused the request, as in an opaque origin: only the lane of this realm is left.
}

interface LockManagerLike {
  request(name: string, options: { signal: unknown }, callback: () => Promise<unknown>): Promise<unknown>;
}
