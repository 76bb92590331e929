import type { ConnectorDatabase } from '../database/database.ts';
import { clientIdOf } from '../database/ready.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import { inLane } from '../queue/lane.ts';
import type { Publisher } from '../status/publisher.ts';
import type { UploadStatus } from '../status/upload-status.ts';
import { type Deadline, startDeadline } from '../time/deadline.ts';
import type { Gate } from '../time/gate.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';
import type { BatchUpload } from './batch.ts';
import type { Stop } from './item.ts';
import { onOnline } from './keep-uploading.ts';

/** Runs uploads one at a time, each with a deadline, and only while the gate is open. */
export interface Uploader {
  /**
   * Uploads one batch. Returns false when the queue is empty. Throws the error that keeps the head of the queue in
   * place; while the gate is shut, throws the last one at once.
   */
  upload(database: ConnectorDatabase, options?: UploadCallOptions): Promise<boolean>;
  /** Opens the gate early. With a code, only if an error with that code has shut it. */
  openGate(code?: UploadErrorCode): void;
  /** Aborts what is in flight, and sends nothing until the task has ended. */
  pauseWhile<T>(task: () => Promise<T>): Promise<T>;
  /** Runs a task other than an upload, with a deadline. `close()` and pauses abort it too. */
  during<T>(task: (deadline: Deadline) => Promise<T>): Promise<T>;
  /** Throws once `close()` was called, or while paused. */
  checkOpen(): void;
  /** Aborts what is in flight. From then on `upload()` throws. */
  close(): void;
}

export interface UploadCallOptions {
  /** Uploads even during the connector's own back-off, but not while the backend asked to wait. */
  readonly evenIfBackingOff?: boolean;
  readonly signal?: PlatformAbortSignal | undefined;
}

export interface UploaderParts {
  readonly gate: Gate;
  readonly publisher: Publisher;
  readonly clock: () => number;
  readonly timeoutMs: number;
  readonly uploadBatch: BatchUpload;
  /** Called when the connector is closed, to end everything else that is running. */
  readonly onClose: () => void;
}

export function createUploader(parts: UploaderParts): Uploader {
  const { gate, publisher, clock, timeoutMs, uploadBatch } = parts;
  const calls = new Set<Deadline>();
  /** Why nothing is uploaded now: the connector is closed or paused. */
  let barred: UploadError | undefined;
  let isDrained = false;
  /** Phase after the last failure. The status returns to it when a later try is aborted. */
  let failedPhase: UploadStatus['phase'] = 'waiting';
  let stopListening: (() => void) | undefined;

  function checkOpen(): void {
    if (barred) throw barred;
  }

  function bar(reason: UploadError): void {
    barred = reason;
    for (const deadline of calls) deadline.abort(reason);
  }

  async function pauseWhile<T>(task: () => Promise<T>): Promise<T> {
    checkOpen();
    const pause = new UploadError(
      'aborted',
      'The upload was aborted by setOwner(), drainAndClear() or disconnect(). The writes stay queued.',
    );
    bar(pause);
    try {
      return await task();
    } finally {
      if (barred === pause) barred = undefined; // unless the connector was closed in between
    }
  }

  async function during<T>(task: (deadline: Deadline) => Promise<T>): Promise<T> {
    checkOpen();
    const deadline = startDeadline(timeoutMs);
    calls.add(deadline);
    try {
      return await task(deadline);
    } finally {
      calls.delete(deadline);
      deadline.end();
    }
  }

  function openGate(code?: UploadErrorCode): void {
    if (code && gate.error?.code !== code) return;
    gate.open();
    publisher.publish({ type: 'opened' }, { nextAttemptAt: undefined });
  }

  async function upload(
    database: ConnectorDatabase,
    { evenIfBackingOff = false, signal }: UploadCallOptions = {},
  ): Promise<boolean> {
    checkOpen();
    let remembered = gate.shutBy(evenIfBackingOff);
    if (remembered) throw remembered;
    const deadline = startDeadline(timeoutMs);
    const abort = (): void =>
      deadline.abort(
        new UploadError('aborted', 'The upload was aborted by its signal. The writes stay queued.'),
      );
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    calls.add(deadline);
    let stop: Stop | undefined;
    try {
      const clientId = await deadline.race(clientIdOf(database));
      const settlement = await inLane(clientId, deadline, async (outlives) => {
        deadline.check();
        remembered = gate.shutBy(evenIfBackingOff); // perhaps by the upload that was in the lane before this one
        return remembered ? undefined : uploadBatch({ database, clientId, deadline, outlives });
      });
      if (settlement === null || settlement?.settled) moved(settlement === null);
      stop = settlement?.stop;
      if (!stop && !remembered) return settlement !== null;
    } catch (thrown) {
      const error = UploadError.from(thrown);
      stop = { error: error.code === 'timeout' ? error : (deadline.error ?? error), hold: false };
    } finally {
      calls.delete(deadline);
      signal?.removeEventListener('abort', abort);
      deadline.end();
    }
    if (stop) stopped(stop, deadline);
    throw stop?.error ?? remembered;
  }

  /** The queue moved, or is empty. */
  function moved(isEmpty: boolean): void {
    gate.reset();
    const fresh = {
      phase: 'idle',
      lastError: undefined,
      nextAttemptAt: undefined,
      stalledSince: undefined,
    } as const;
    const patch = isEmpty ? { ...fresh, queuedEntries: 0 } : fresh;
    if (isEmpty && !isDrained) publisher.publish({ type: 'drained' }, patch);
    else publisher.set(patch);
    isDrained = isEmpty;
  }

  /** The head of the queue stays. */
  function stopped({ error, hold, withinMs }: Stop, deadline: Deadline): void {
    const { code, message } = error;
    if (code === 'aborted' && error === deadline.error) {
      // Aborted on request: not a failure. An earlier failure stays in the status.
      publisher.set({ phase: publisher.status.lastError ? failedPhase : 'idle', inFlight: undefined });
      return;
    }
    if (code === 'owner_mismatch') gate.reset(); // The backend wasn't called: no need to back off.
    const nextAttemptAt = gate.shut(error, withinMs);
    if (code === 'network') stopListening ??= onOnline(() => openGate('network'));
    const phase = hold ? 'held' : (PHASES[code] ?? 'waiting');
    failedPhase = phase;
    const isNew = publisher.status.lastError?.code !== code;
    const stalledSince = publisher.status.stalledSince ?? clock();
    publisher.publish(
      { type: 'failed', code, message, phase, failures: gate.failures, nextAttemptAt, stalledSince },
      { phase, lastError: error, nextAttemptAt, stalledSince, inFlight: undefined },
      { failures: 1 },
    );
    if (code === 'update_required' && isNew)
      publisher.publish({ type: 'update-required', status: error.status });
  }

  function close(): void {
    if (publisher.status.phase === 'closed') return;
    bar(new UploadError('aborted', 'The connector was closed. The writes stay queued.'));
    parts.onClose();
    stopListening?.();
    publisher.publish({ type: 'closed' }, { phase: 'closed', inFlight: undefined, nextAttemptAt: undefined });
  }

  return { upload, openGate, pauseWhile, during, checkOpen, close };
}

const PHASES: { readonly [Code in UploadErrorCode]?: UploadStatus['phase'] } = {
  unauthenticated: 'needs-auth',
  owner_mismatch: 'owner-mismatch',
};
