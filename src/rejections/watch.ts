import type { ConnectorDatabase } from '../database/database.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';
import { listRejected } from './list.ts';
import { isTheirs, type OwnerFilter } from './owner.ts';
import type { RejectedWrite } from './rejected-write.ts';

/** Options of {@link watchRejected}. */
export interface WatchOptions extends OwnerFilter {
  /** Ends it. */
  readonly signal: PlatformAbortSignal;
}

/**
 * Calls back with the rejected writes of who is signed in: once at the start, then whenever they have changed, by any tab,
 * and when somebody else signs in. With `owner`, there are none while it is somebody else. What the listener throws, or a list that can't be read, goes to `console.error`; the next change is told all the same.
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
        // No error while somebody else than `owner` is signed in: there is nothing to show then.
        const writes = (await listRejected(database)).filter((write) => isTheirs(owner, write));
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

  // The queue as well, since whether a held one is listed depends on its head; and who is signed in.
  const tables = ['connector_rejected_writes', 'ps_crud', 'connector_owners'];
  const stop = database.onChange?.({ onChange: () => void read() }, { tables, throttleMs: 50 });
  const end = (): void => {
    stop?.();
    signal.removeEventListener('abort', end);
  };
  signal.addEventListener('abort', end);
  void read();
}
