import { join } from 'node:path';
import type { BackendConnector } from 'powersync-backend-connector';
import { type MemoryDatabase, type MemorySchema, memoryDatabase } from 'powersync-backend-connector/testing';

interface Options {
  schema: MemorySchema;
  database: { dbFilename: string; dbLocation: string };
}

const files = new Map<string, MemoryDatabase>();

/**
 * Stands in for the class of `@powersync/node`, without SQLite, so that the tests of the promises take no longer than
 * there is time for a mutant. That the queue is the same is shown by `test/support/queue-suite.ts`, which runs over both.
 */
export class PowerSyncDatabase {
  constructor({ schema, database: { dbFilename, dbLocation } }: Options) {
    const path = join(dbLocation, dbFilename);
    const file = files.get(path);
    const database = file?.reopen() ?? memoryDatabase({ schema });
    if (!file) files.set(path, database);
    let running: Promise<void> | undefined;
    // biome-ignore lint/correctness/noConstructorReturn: the database itself, under the name of the SDK's class
    return Object.assign(database, {
      waitForReady: async () => {},
      close: async () => {},
      /** Uploads once; it doesn't download. */
      async connect(connector: BackendConnector) {
        await connector.fetchCredentials();
        running = connector.uploadData(database).catch(() => {});
      },
      disconnect: async () => running,
    });
  }
}
