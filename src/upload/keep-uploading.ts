import type { ConnectorDatabase } from '../database/database.ts';
import type { UploadEvent } from '../status/events.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';

/** How often the queue is looked at where the database can't tell of new writes. */
const POLL_MS = 5_000;

/**
 * Uploads until the signal is aborted or the connector is closed: at once, on every new write, and when the gate opens, be
 * it before its time. No timer runs while there is nothing to wait for, and nothing is left behind at the end.
 *
 * @param upload Uploads one batch; false when the queue is empty. Throws while the gate is shut.
 * @param waitMs Milliseconds until the gate opens.
 * @param subscribe Calls back with what the connector does, until the function that it returns is called.
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
      sleepMs = Math.min(Math.max(waitMs() || 0, 100), 2 ** 31 - 1); // what setTimeout takes
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

/** Calls back when the device comes online, where the platform tells. */
export function onOnline(listener: () => void): () => void {
  const target = globalThis as unknown as Partial<EventTarget>;
  target.addEventListener?.('online', listener);
  return () => target.removeEventListener?.('online', listener);
}
