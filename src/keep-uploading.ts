import type { PlatformAbortSignal } from './globals.ts';
import type { ConnectorDatabase } from './queue/database.ts';

/** How often the queue is looked at where the database can't tell of new writes. */
const POLL_MS = 5_000;

/**
 * Uploads until stopped: at once, on every new write, and when the gate opens, be it before its time. No timer runs
 * while there is nothing to wait for.
 *
 * @param upload Uploads one batch; false when the queue is empty. Throws while the gate is shut.
 * @param waitMs Milliseconds until the gate opens.
 * @param onOpened Calls back when the gate opens before its time.
 */
export async function keepUploading(
  database: ConnectorDatabase,
  signal: PlatformAbortSignal,
  upload: () => Promise<boolean>,
  waitMs: () => number,
  onOpened: (listener: () => void) => () => void,
): Promise<void> {
  let wake = (): void => {};
  let woken = false;
  const wakeUp = (): void => {
    woken = true;
    wake();
  };
  const stopListening = database.onChange?.({ onChange: wakeUp }, { tables: ['ps_crud'], throttleMs: 50 });
  const stopOpened = onOpened(wakeUp);
  signal.addEventListener('abort', wakeUp);
  while (!signal.aborted) {
    woken = false;
    let sleepMs = stopListening ? undefined : POLL_MS;
    try {
      while (!signal.aborted && (await upload()));
    } catch {
      sleepMs = Math.min(Math.max(waitMs() || 0, 100), 2 ** 31 - 1); // what setTimeout takes
    }
    if (!woken && !signal.aborted) {
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
  stopOpened();
}

/** Calls back when the device comes online, where the platform tells. */
export function onOnline(listener: () => void): () => void {
  const target = globalThis as unknown as Partial<EventTarget>;
  target.addEventListener?.('online', listener);
  return () => target.removeEventListener?.('online', listener);
}
