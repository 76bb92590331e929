// A page of tests that run in the browser: a connector on a database in memory, before a mock in msw's service worker.
import { setupWorker } from 'msw/browser';
import { BackendConnector } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { type MockResultsBackend, memoryDatabase, mockWriteApi } from 'powersync-backend-connector/testing';

export interface Mocked {
  api: MockResultsBackend;
  connector: BackendConnector;
  /** Adds lists with these ids, in a transaction each. */
  add(...ids: string[]): Promise<void>;
  /** Uploads once: `drained`, or the code of what kept the queue. */
  drain(): Promise<string>;
  /** What the mock has. */
  seen(): {
    lists: string[];
    statuses: (number | undefined)[];
    executions: number;
    pending: readonly string[];
  };
}

const api = mockWriteApi({ url: 'https://api.example.com/api/data' });
await setupWorker(...api.handlers).start({ quiet: true });

globalThis.openMocked = (): Mocked => {
  api.reset();
  const db = memoryDatabase();
  const connector = new BackendConnector({
    endpoint: 'https://powersync.example.com',
    credentials: async () => ({ token: crypto.randomUUID() }),
    transport: writeApi({ url: api.url }),
  });
  return {
    api,
    connector,
    async add(...ids) {
      for (const id of ids) await db.put('lists', id, { name: `list ${id}` });
    },
    async drain() {
      const { error } = await connector.drain(db);
      return error?.code ?? 'drained';
    },
    seen: () => ({
      lists: Object.keys(api.tables.lists ?? {}),
      statuses: api.received.map(({ status }) => status),
      executions: api.executions,
      pending: api.pending,
    }),
  };
};

declare global {
  /** What the test has opened. */
  var mocked: Mocked;
  /** The mock as it was made, with a database and a connector of the test's own. */
  var openMocked: () => Mocked;
}
