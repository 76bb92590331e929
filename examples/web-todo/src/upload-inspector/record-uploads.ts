import type { BackendConnector, ConnectorDatabase } from 'powersync-backend-connector';
import { addEvent, addQueueLength, emptyRecord, type UploadRecord } from './upload-record.ts';

/** Works with `useSyncExternalStore`. */
export interface UploadLog {
  getSnapshot(): UploadRecord;
  subscribe(listener: () => void): () => void;
  /** Stops recording. */
  stop(): void;
}

export interface UploadLogOptions {
  /** The queue is counted on every change. Without a database, only the connector's own counts are known. */
  readonly database?: ConnectorDatabase;
  /** How many requests, and how many changes of the queue, to keep at most. Default 500. */
  readonly limit?: number;
}

/** Records what a connector does from now on. The record has no tokens, no row data and none of the backend's words. */
export function recordUploads(
  connector: Pick<BackendConnector, 'status' | 'subscribe'>,
  { database, limit = 500 }: UploadLogOptions = {},
): UploadLog {
  let record = emptyRecord(connector.status);
  let isStopped = false;
  const listeners = new Set<() => void>();

  function update(next: UploadRecord): void {
    record = next;
    for (const listener of listeners) listener();
  }

  async function count(database: ConnectorDatabase): Promise<void> {
    const { count: length } = await database.getUploadQueueStats();
    if (!isStopped) update(addQueueLength(record, length, Date.now(), limit));
  }

  const ends = [
    connector.subscribe((event) => {
      const { status } = connector;
      let next = addEvent({ ...record, status }, event, Date.now(), limit);
      const { queuedEntries } = status;
      // An empty queue is always recorded, because SQLite reports no change if a table is emptied at once.
      if (queuedEntries === 0 || (queuedEntries !== undefined && !database))
        next = addQueueLength(next, queuedEntries, Date.now(), limit);
      update(next);
    }),
  ];
  if (database) {
    const onChange = (): void => void count(database).catch(console.error);
    ends.push(database.onChange?.({ onChange }, { tables: ['ps_crud'], throttleMs: 100 }) ?? (() => {}));
    onChange();
  }

  return {
    getSnapshot: () => record,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      isStopped = true;
      for (const end of ends) end();
    },
  };
}
