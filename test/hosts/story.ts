// What each host is asked to do, with the package as an app installs it and no more than the host's own globals.
import { BackendConnector, UploadError } from 'powersync-backend-connector';
import { type HttpOptions, writeApi } from 'powersync-backend-connector/http';
import { listRejected } from 'powersync-backend-connector/rejections';
import {
  type ConnectorSetup,
  connectorContract,
  fakeClock,
  memoryDatabase,
  scriptedBackend,
  scriptedLogin,
} from 'powersync-backend-connector/testing';

/** What became of the story, in a form that every host prints alike. */
export interface Told {
  /** By path: the code of what `uploadData()` threw, and how many entries were queued afterwards. */
  failures: Record<string, string>;
  drained: { applied: number; rejected: number; drained: boolean };
  queued: number;
  rejected: { code: string; ids: string[] }[];
  /** The cases of the connector's contract that failed, and why. */
  contract: { run: number; failed: string[] };
}

/** Tells it to the backend of `startStoryBackend()`; at `nobody` there is none. */
export async function tellStory(url: string, nobody: string): Promise<Told> {
  const db = memoryDatabase();
  const connect = (path: string, timeoutMs = 10_000, origin = url) =>
    new BackendConnector({
      endpoint: 'https://service.test',
      credentials: async () => ({ token: 'token' }),
      transport: writeApi({ url: `${origin}${path}` }),
      retry: { timeoutMs },
    });
  const queued = async () => (await db.getUploadQueueStats()).count;
  await db.put('lists', 'first', { name: 'Milk 🥛' });

  const failures: Told['failures'] = {};
  for (const path of ['/html', '/cut', '/gone', '/elsewhere', '/unavailable', '/expired']) {
    failures[path] = `${await failureOf(connect(path).uploadData(db))}, ${await queued()} queued`;
  }
  failures['/silent'] =
    `${await failureOf(connect('/silent', 300).uploadData(db))}, ${await queued()} queued`;
  const closed = connect('/silent');
  const upload = failureOf(closed.uploadData(db));
  for (let tries = 0; tries < 200 && closed.status.phase !== 'uploading'; tries++) await pause(5);
  closed.close();
  failures['/silent, closed'] = `${await upload}, ${await queued()} queued`;
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 300);
  const { error, remainingEntries } = await connect('/silent').drain(db, { signal: stop.signal });
  failures['/silent, drained for a time'] = `${error?.code}, ${remainingEntries} queued`;
  failures['nobody there'] =
    `${await failureOf(connect('/', 10_000, nobody).uploadData(db))}, ${await queued()} queued`;

  await db.put('lists', 'refused', { name: 'refuse me' });
  await db.put('lists', 'last', { name: 'Bread' });
  const { applied, rejected, drained } = await connect('/moved').drain(db);
  return {
    failures,
    drained: { applied, rejected, drained },
    queued: await queued(),
    rejected: (await listRejected(db)).map(({ code, entries }) => ({
      code,
      ids: entries.map(({ id }) => id),
    })),
    contract: await runContract(),
  };
}

async function runContract(): Promise<Told['contract']> {
  const failed: string[] = [];
  for (const { name, run } of connectorContract) {
    await run(contractSetup).catch((error) => failed.push(`${name}: ${error}`));
  }
  return { run: connectorContract.length, failed };
}

function contractSetup(): ConnectorSetup {
  const database = memoryDatabase();
  const login = scriptedLogin();
  const clock = fakeClock();
  const backend = scriptedBackend({
    read: ({ body }) =>
      JSON.parse(body).transactions.map((sent: { idempotency_key: string; crud: { id: string }[] }) => ({
        rows: sent.crud.map(({ id }) => id),
        key: sent.idempotency_key,
      })),
    answer: (areApplied) => ({ body: { results: areApplied.map((isApplied) => resultOf(isApplied)) } }),
  });
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    credentials: login.credentials,
    transport: writeApi({
      url: 'https://api.test/api/data',
      fetch: backend.fetch as NonNullable<HttpOptions['fetch']>,
    }),
    retry: { timeoutMs: 1_000 }, // more than the host needs for what is answered
    clock,
  });
  return {
    connector,
    database,
    backend,
    login,
    kept: async () => (await listRejected(database)).flatMap(({ entries }) => entries.map(({ id }) => id)),
    endWaits: () => clock.advance(3_600_000),
  };
}

function resultOf(isApplied: boolean): object {
  return isApplied
    ? { status: 'success' }
    : {
        status: 'fatal_error',
        requires_client_handling: false,
        failed_operation: { error_code: 'CONSTRAINT_VIOLATION' },
      };
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (thrown) => UploadError.from(thrown).code,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(), ms);
  });
}
