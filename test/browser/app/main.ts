// The page: what an app does with the SDK and the connector, for the tests to call as `app`.
import { column, PowerSyncDatabase, Schema, Table } from '@powersync/web';
import {
  BackendConnector,
  type BackendConnectorOptions,
  type DrainAndClearOptions,
  type DrainAndClearReport,
  isUploadError,
  UploadError,
  type UploadErrorCode,
  type UploadEvent,
} from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';

/** Whether tabs share the SDK's sync and database in a shared worker, or each has its own. */
export type Mode = 'shared worker' | 'direct';

export interface OpenOptions extends Pick<BackendConnectorOptions, 'retry' | 'batching'> {
  mode: Mode;
  /** Who is signed in. */
  user: string;
  /** URL of the PowerSync Service. */
  endpoint: string;
  /** Where writes go. */
  url: string;
}

export interface App {
  db: PowerSyncDatabase;
  connector: BackendConnector;
  events: UploadEvent[];
  /** Resolves at the first connection or the first failure. */
  connect(): Promise<void>;
  /** Adds a list for each name, in a transaction of its own. */
  write(...names: string[]): Promise<void>;
  /** How many entries are queued. */
  queued(): Promise<number>;
  /** Names of the lists in the local database. */
  names(): Promise<string[]>;
  /** Codes of the failures, in order. */
  failures(): UploadErrorCode[];
  /** What an app makes of the SDK's `uploadError`, wherever the SDK does its uploads. */
  uploadError(): { isUploadError: boolean; isInstance: boolean; code: UploadErrorCode; message: string };
  /** `drainAndClear()`, with a report that can be handed to the tests. */
  leave(options: Pick<DrainAndClearOptions, 'unsent' | 'timeoutMs'>): Promise<LeaveReport>;
}

interface LeaveReport extends Omit<DrainAndClearReport, 'error'> {
  code: UploadErrorCode | undefined;
  /** Names of the lists that were exported. */
  exported: string[];
}

const schema = new Schema({
  lists: new Table({ name: column.text, owner_id: column.text }),
});

globalThis.openApp = ({ mode, user, endpoint, url, retry, batching }: OpenOptions): App => {
  const db = new PowerSyncDatabase({
    schema,
    database: { dbFilename: 'app.db', enableMultiTabs: mode === 'shared worker' },
  });
  const connector = new BackendConnector({
    endpoint,
    credentials: async () => ({ token: await issueToken(user) }),
    transport: writeApi({ url }),
    retry: { baseMs: 50, timeoutMs: 10_000, ...retry },
    batching,
  });
  const events: UploadEvent[] = [];
  connector.subscribe((event) => events.push(event));

  return {
    db,
    connector,
    events,
    connect: () => db.connect(connector, { retryDelayMs: 100, crudUploadThrottleMs: 10 }),
    async write(...names) {
      for (const name of names) {
        await db.execute('INSERT INTO lists (id, name, owner_id) VALUES (uuid(), ?, ?)', [name, user]);
      }
    },
    queued: async () => (await db.getUploadQueueStats()).count,
    names: async () =>
      (await db.getAll<{ name: string }>('SELECT name FROM lists ORDER BY name')).map(({ name }) => name),
    failures: () => events.flatMap((event) => (event.type === 'failed' ? [event.code] : [])),
    uploadError() {
      const { uploadError } = db.currentStatus.dataFlowStatus;
      const { code, message } = UploadError.from(uploadError);
      return {
        isUploadError: isUploadError(uploadError),
        isInstance: uploadError instanceof UploadError,
        code,
        message,
      };
    },
    async leave(options) {
      const exported: string[] = [];
      const { error, ...report } = await connector.drainAndClear(db, {
        ...options,
        export({ queued }) {
          for (const { entries } of queued) exported.push(...entries.map(({ opData }) => opData?.name));
        },
      });
      return { ...report, exported, code: error?.code };
    },
  };
};

declare global {
  /** What the test has opened in this tab. */
  var app: App;
  var openApp: (options: OpenOptions) => App;
  /** The login of the tests: a token from the backend, whatever network there is. */
  function issueToken(user: string): Promise<string>;
}
