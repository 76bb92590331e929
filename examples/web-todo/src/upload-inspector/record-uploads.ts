import type { BackendConnector, ConnectorDatabase } from 'powersync-backend-connector';
import { addEvent, addQueueLength, emptyRecord, type UploadRecord } from './upload-record.ts';

/** Fits `useSyncExternalStore`. */
export interface UploadLog {
  getSnapshot(): UploadRecord;
  subscribe(listener: () => void): () => void;
  /** Ends recording. */
  stop(): void;
}

export interface UploadLogOptions {
  /** Counts the queue on every change; without it, only what the connector itself counts is known. */
  readonly database?: ConnectorDatabase;
  /** The most requests, and changes of the queue, to keep. Default 500. */
  readonly limit?: number;
}

/** Records what a connector does from now on. It holds no tokens, row data or words of the backend. */
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
      // An empty one counts always: SQLite tells of no change when a table is emptied at once, as by clearing.
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
