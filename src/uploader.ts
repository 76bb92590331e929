import { type Deadline, startDeadline } from './deadline.ts';
import type { PlatformAbortSignal } from './globals.ts';
import { onOnline } from './keep-uploading.ts';
import { UploadError, type UploadErrorCode } from './outcome/upload-error.ts';
import type { ConnectorDatabase } from './queue/database.ts';
import { inLane } from './queue/lane.ts';
import type { Stop } from './settle/settle.ts';
import { type Parts, uploadBatch } from './upload.ts';

/** Runs uploads one at a time, each with a deadline, behind the gate. */
export interface Uploader {
  /**
   * Uploads one batch; false when the queue is empty. Throws what keeps the head of the queue where it is, at once while
   * the gate is shut.
   */
  upload(database: ConnectorDatabase, options?: UploadCallOptions): Promise<boolean>;
  /** Opens the gate before its time; with a code, only if an error with that code has shut it. */
  openGate(code?: UploadErrorCode): void;
  /** Throws once `close()` was called. */
  checkOpen(): void;
  /** Aborts what is in flight; from then on `upload()` throws. */
  close(): void;
}

export interface UploadCallOptions {
  /** Goes ahead although the connector is backing off, unless the backend itself asked to wait. */
  readonly evenIfBackingOff?: boolean;
  readonly signal?: PlatformAbortSignal | undefined;
}

export function createUploader(parts: Parts): Uploader {
  const { gate, publisher, options } = parts;
  const calls = new Set<Deadline>();
  let isClosed = false;
  let isDrained = false;
  let stopListening: (() => void) | undefined;

  function checkOpen(): void {
    if (isClosed) throw closed();
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
    const deadline = startDeadline(options.retry.timeoutMs);
    const abort = (): void =>
      deadline.abort(new UploadError('aborted', 'The upload was aborted by its signal.'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    calls.add(deadline);
    let stop: Stop | undefined;
    try {
      const clientId = await deadline.race(database.getClientId());
      const settlement = await inLane(clientId, deadline, async () => {
        remembered = gate.shutBy(evenIfBackingOff); // perhaps by the upload that was in the lane before this one
        return remembered ? undefined : uploadBatch(parts, { database, clientId, deadline });
      });
      if (settlement === null || settlement?.settled) moved(settlement === null);
      stop = settlement?.stop;
      if (!stop && !remembered) return settlement !== null;
    } catch (thrown) {
      stop = { error: deadline.error ?? UploadError.from(thrown), hold: false };
    } finally {
      calls.delete(deadline);
      signal?.removeEventListener('abort', abort);
      deadline.end();
    }
    if (stop) stopped(stop, deadline);
    throw stop?.error ?? remembered;
  }

  /** The queue moved, or there is none. */
  function moved(isEmpty: boolean): void {
    gate.reset();
    const fresh = {
      phase: 'idle',
      lastError: undefined,
      nextAttemptAt: undefined,
      stalledSince: undefined,
    } as const;
    const patch = isEmpty ? { ...fresh, queueLength: 0 } : fresh;
    if (isEmpty && !isDrained) publisher.publish({ type: 'drained' }, patch);
    else publisher.set(patch);
    isDrained = isEmpty;
  }

  /** The head of the queue stays. */
  function stopped({ error, hold }: Stop, deadline: Deadline): void {
    const { code, message } = error;
    if (code === 'aborted' && error === deadline.error) {
      publisher.set({ phase: 'idle', inFlight: undefined }); // Asked for, so no failure.
      return;
    }
    const nextAttemptAt = gate.shut(error);
    if (code === 'network') stopListening ??= onOnline(() => openGate('network'));
    const phase = hold ? 'held' : code === 'unauthenticated' ? 'needs-auth' : 'waiting';
    const stalledSince = publisher.status.stalledSince ?? options.clock();
    publisher.publish(
      { type: 'failed', code, message, failures: gate.failures, nextAttemptAt },
      { phase, lastError: error, nextAttemptAt, stalledSince, inFlight: undefined },
      { failures: 1 },
    );
  }

  function close(): void {
    if (isClosed) return;
    isClosed = true;
    for (const deadline of calls) deadline.abort(closed());
    stopListening?.();
    publisher.publish({ type: 'closed' }, { phase: 'closed', inFlight: undefined, nextAttemptAt: undefined });
  }

  return { upload, openGate, checkOpen, close };
}

function closed(): UploadError {
  return new UploadError('aborted', 'The connector was closed. The writes stay queued.');
}
