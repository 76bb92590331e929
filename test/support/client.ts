import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  column,
  LogLevels,
  type LogRecord,
  type PowerSyncBackendConnector,
  Schema,
  type SyncOptions,
  Table,
} from '@powersync/common';
import { PowerSyncDatabase } from '@powersync/node';

/** A real SDK client on `node:sqlite`, with everything that it logged at debug level or above. */
export interface TestClient {
  db: PowerSyncDatabase;
  logs: LogRecord[];
  folder: string;
  name: string;
}

export interface OpenClientOptions {
  schema?: Schema;
  /** The file name. The SDK uses it for locks, so two clients that are open at the same time need different names. */
  name?: string;
  /** The folder of the file. To open the file of an earlier client again, give its folder and name. */
  folder?: string;
}

export const testSchema = new Schema({
  lists: new Table({ name: column.text, owner_id: column.text }),
  todos: new Table(
    {
      list_id: column.text,
      description: column.text,
      completed: column.integer,
      owner_id: column.text,
    },
    { trackPrevious: true, trackMetadata: true },
  ),
});

let opened = 0;
const ownFolders = new Set<string>();

export async function openClient(options: OpenClientOptions = {}): Promise<TestClient> {
  const name = options.name ?? `client-${process.pid}-${++opened}.db`;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'connector-test-')));
  if (options.folder === undefined) ownFolders.add(folder);
  const logs: LogRecord[] = [];
  const db = new PowerSyncDatabase({
    schema: options.schema ?? testSchema,
    database: {
      dbFilename: name,
      dbLocation: folder,
      implementation: { type: 'node:sqlite' },
      readWorkerCount: 1,
    },
    logger: {
      log(record) {
        if (record.level >= LogLevels.debug) logs.push(record);
      },
    },
  });
  await db.waitForReady();
  return { db, logs, folder, name };
}

/** Closes the client, and deletes its folder if `openClient` created it. With `keepFiles` you can open it again. */
export async function closeClient(client: TestClient, { keepFiles = false } = {}): Promise<void> {
  await client.db.close();
  if (keepFiles || !ownFolders.delete(client.folder)) return;
  await rm(client.folder, { recursive: true, force: true });
}

/** Connects with short waits, for tests. Resolves at the first connection or the first failure. */
export async function connectClient(
  db: PowerSyncDatabase,
  connector: PowerSyncBackendConnector,
  options: SyncOptions = {},
): Promise<void> {
  await db.connect(connector, { retryDelayMs: 100, crudUploadThrottleMs: 10, ...options });
}

/** What the SDK logged because an upload returned without removing the head of the queue. */
export function stalledQueueWarnings(client: TestClient): LogRecord[] {
  return client.logs.filter((record) => record.message.includes('still present in the upload queue'));
}

/**
 * Waits until the queue is empty and a checkpoint with the effects of all uploads was applied. Then the local rows are
 * those of the server.
 */
export async function untilSettled({ db }: TestClient, timeoutMs?: number): Promise<void> {
  const isSettled = async () => {
    const { queued, target, applied } = await db.get<{
      queued: number;
      target: string | null;
      applied: string | null;
    }>(`
      SELECT (SELECT count(*) FROM ps_crud) AS queued,
             (SELECT CAST(value AS TEXT) FROM ps_kv WHERE key = 'target_checkpoint_request_id') AS target,
             (SELECT CAST(value AS TEXT) FROM ps_kv WHERE key = 'last_applied_checkpoint_request_id') AS applied`);
    return queued === 0 && BigInt(applied ?? 0) >= BigInt(target ?? 0);
  };
  await waitFor(isSettled, {
    what: 'uploads to be downloaded again',
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
}

export interface WaitForOptions {
  timeoutMs?: number;
  /** What the call waits for, for the error message. */
  what?: string;
}

/**
 * Polls until `probe` returns something truthy, and returns that. If `probe` throws, it is tried again. Its last error
 * becomes the cause of the time-out error.
 */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  { timeoutMs = 60_000, what = 'the condition' }: WaitForOptions = {},
): Promise<NonNullable<Exclude<T, false | 0 | ''>>> {
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const value = await probe();
      if (value) return value as NonNullable<Exclude<T, false | 0 | ''>>;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    await sleep(5);
  } while (Date.now() < deadline);
  throw new Error(`Waited ${timeoutMs} ms for ${what}`, { cause });
}
