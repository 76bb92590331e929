import type { PlatformAbortSignal } from '../globals.ts';
import type { ConnectorDatabase } from '../queue/database.ts';
import { listRejected, type OwnerFilter } from './list.ts';
import type { RejectedWrite } from './rejected-write.ts';

/** Options of {@link watchRejected}. */
export interface WatchOptions extends OwnerFilter {
  /** Ends it. */
  readonly signal: PlatformAbortSignal;
}

/**
 * Calls back with the rejected writes: once at the start, then whenever they have changed, by any tab. What the listener
 * throws, or a list that can't be read, goes to `console.error`; the next change is told all the same.
 *
 * @example
 * ```ts
 * import type { PowerSyncDatabase } from '@powersync/web';
 * import { watchRejected } from 'powersync-backend-connector/rejections';
 *
 * export function badge(db: PowerSyncDatabase, element: HTMLElement, signal: AbortSignal): void {
 *   watchRejected(db, (writes) => { element.textContent = `${writes.length} not saved`; }, { signal });
 * }
 * ```
 */
export function watchRejected(
  database: ConnectorDatabase,
  listener: (writes: readonly RejectedWrite[]) => unknown,
  { signal, owner }: WatchOptions,
): void {
  if (signal.aborted) return;
  let isReading = false;
  let isStale = false;
  let last: string | undefined;

  async function read(): Promise<void> {
    isStale = true;
    if (isReading) return;
    isReading = true;
    while (isStale && !signal.aborted) {
      isStale = false;
      try {
        const writes = await listRejected(database, { owner });
        const text = JSON.stringify(writes);
        if (text === last || signal.aborted) continue;
        last = text;
        await listener(writes);
      } catch (error) {
        if (!signal.aborted) console.error('powersync-backend-connector: watchRejected() failed once', error);
      }
    }
    isReading = false;
  }

  // The queue as well: whether a held one is listed depends on its head.
  const tables = ['connector_rejected_writes', 'ps_crud'];
  const stop = database.onChange?.({ onChange: () => void read() }, { tables, throttleMs: 50 });
  signal.addEventListener('abort', () => stop?.());
  void read();
}
