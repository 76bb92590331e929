import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { column, Schema, Table } from '@powersync/common';
import { PowerSyncDatabase } from '@powersync/node';
import { BackendConnector, type Transport, type UploadEvent } from 'powersync-backend-connector';

const schema = new Schema({
  lists: new Table({ name: column.text, owner_id: column.text }),
  todos: new Table({
    list_id: column.text,
    description: column.text,
    completed: column.integer,
    owner_id: column.text,
  }),
});

/** One device of the story: a real SDK client with a real SQLite file, and the connector. */
export interface Device {
  readonly name: string;
  readonly db: PowerSyncDatabase;
  readonly connector: BackendConnector;
  readonly events: readonly UploadEvent[];
  connect(): Promise<void>;
  close(): Promise<void>;
}

export interface DeviceOptions {
  readonly name: string;
  readonly serviceUrl: string;
  /** How its writes reach the backend: see transports.ts. */
  readonly transport: Transport;
  /** Null if nobody is signed in. */
  readonly getToken: () => Promise<string | null>;
}

export async function openDevice({ name, serviceUrl, transport, getToken }: DeviceOptions): Promise<Device> {
  const folder = await mkdtemp(join(tmpdir(), `connector-demo-${name}-`));
  const db = new PowerSyncDatabase({
    schema,
    database: { dbFilename: `${name}.db`, dbLocation: folder, implementation: { type: 'node:sqlite' } },
    logger: { log: () => {} }, // The faults of this story are intended, and the demo prints what happens.
  });

  // This is all an app has to write:
  const connector = new BackendConnector({
    endpoint: serviceUrl,
    credentials: async () => {
      const token = await getToken();
      return token === null ? null : { token };
    },
    transport,
    retry: { baseMs: 250 }, // The default is five seconds, which is too long for a demo.
  });

  const events: UploadEvent[] = [];
  connector.subscribe((event) => events.push(event));
  return {
    name,
    db,
    connector,
    events,
    connect: () => db.connect(connector, { retryDelayMs: 250, crudUploadThrottleMs: 10 }),
    async close() {
      connector.close();
      await db.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
