import { optionChecks } from '../check-options.ts';
import type { ConnectorDatabase } from '../database/database.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';
import { listRejected } from './list.ts';
import { isTheirs, type OwnerFilter } from './owner.ts';
import type { RejectedWrite } from './rejected-write.ts';

/** Options of {@link watchRejected}. */
export interface WatchOptions extends OwnerFilter {
  /** Stops watching when it is aborted. */
  readonly signal: PlatformAbortSignal;
}

/**
 * Calls the listener with the rejected writes of the signed-in user: once at the start, then whenever they change (in
 * any tab), and when somebody else signs in. With `owner`, the list is empty while somebody else is signed in.
 *
 * If the listener throws or the list can't be read, the error goes to `console.error`, and watching goes on.
 *
 * @throws TypeError if `signal` is not an AbortSignal.
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
  options: WatchOptions,
): void {
  optionChecks('watchRejected').signal(options?.signal);
  const { signal, owner } = options;
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
        // If somebody else than `owner` is signed in, that is no error: the list is empty.
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

  // Also the queue, because a held write is listed while it is at the head, and the owners, because they may change.
  const tables = ['connector_rejected_writes', 'ps_crud', 'connector_owners'];
  const stop = database.onChange?.({ onChange: () => void read() }, { tables, throttleMs: 50 });
  const end = (): void => {
    stop?.();
    signal.removeEventListener('abort', end);
  };
  signal.addEventListener('abort', end);
  void read();
}
