import type { ConnectorDatabase } from '../database/database.ts';
import type { UploadEvent } from '../status/events.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';

/** How often the queue is checked if the database has no `onChange()`. */
const POLL_MS = 5_000;

/**
 * Uploads until the signal is aborted or the connector is closed: at once, on every new write, and when the gate opens,
 * even early. No timer runs while there is nothing to wait for. At the end all listeners and timers are removed.
 *
 * @param upload Uploads one batch. Returns false when the queue is empty. Throws while the gate is shut.
 * @param waitMs Returns the milliseconds until the gate opens.
 * @param subscribe Listens to the connector's events. Returns a function that removes the listener.
 */
export async function keepUploading(
  database: ConnectorDatabase,
  signal: PlatformAbortSignal,
  upload: () => Promise<boolean>,
  waitMs: () => number,
  subscribe: (listener: (event: Pick<UploadEvent, 'type'>) => void) => () => void,
): Promise<void> {
  let wake = (): void => {};
  let woken = false;
  let isClosed = false;
  const wakeUp = (): void => {
    woken = true;
    wake();
  };
  const isOver = (): boolean => isClosed || signal.aborted;
  const stopListening = database.onChange?.({ onChange: wakeUp }, { tables: ['ps_crud'], throttleMs: 50 });
  const unsubscribe = subscribe(({ type }) => {
    isClosed ||= type === 'closed';
    if (isClosed || type === 'opened') wakeUp();
  });
  signal.addEventListener('abort', wakeUp);
  while (!isOver()) {
    woken = false;
    let sleepMs = stopListening ? undefined : POLL_MS;
    try {
      while (!isOver() && (await upload()));
    } catch {
      sleepMs = Math.min(Math.max(waitMs() || 0, 100), 2 ** 31 - 1); // the longest delay of setTimeout
    }
    if (!woken && !isOver()) {
      await new Promise<void>((resolve) => {
        const timer = sleepMs === undefined ? undefined : setTimeout(resolve, sleepMs);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }
  stopListening?.();
  unsubscribe();
  signal.removeEventListener('abort', wakeUp);
}

/** Calls the listener when the device comes online, if the platform has that event. */
export function onOnline(listener: () => void): () => void {
  const target = globalThis as unknown as Partial<EventTarget>;
  target.addEventListener?.('online', listener);
  return () => target.removeEventListener?.('online', listener);
}
