import {
  BackendConnector,
  type BackendConnectorOptions,
  UploadError,
  type UploadEvent,
} from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import type { TestClient } from '../support/client.ts';
import { URL_OF_API } from './support.ts';

export interface Recorded {
  name: string;
  code: string;
  status: number | null;
  entry_index: number | null;
  details: string | null;
}

/** What the default policy wrote down, in the order of the queue. */
export async function recorded({ db }: TestClient): Promise<Recorded[]> {
  const [table] = await db.getAll("SELECT 1 FROM sqlite_master WHERE name = 'connector_rejected_writes'");
  if (!table) return [];
  const rows = await db.getAll<Recorded & { entries: string }>(
    'SELECT entries, code, status, entry_index, details FROM connector_rejected_writes ORDER BY rowid',
  );
  return rows.map(({ entries, ...row }) => ({ ...row, name: JSON.parse(entries)[0].opData.description }));
}

export async function recordedNames(client: TestClient): Promise<string[]> {
  return (await recorded(client)).map(({ name }) => name);
}

/** A connector that uploads with `writeApi()`. Tokens are `token-1`, `token-2`, …, one for each refresh. */
export function httpConnector({
  url = URL_OF_API,
  ...options
}: Partial<BackendConnectorOptions> & { url?: string } = {}) {
  const events: UploadEvent[] = [];
  let tokens = 0;
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    credentials: async () => ({ token: `token-${++tokens}` }),
    transport: writeApi({ url }),
    random: () => 0,
    ...options,
  });
  connector.subscribe((event) => events.push(event));
  return { connector, events, refreshes: () => tokens };
}

/** The error an upload throws; a test error if it throws none. */
export async function thrownBy(upload: Promise<unknown>): Promise<UploadError> {
  const thrown = await upload.then(
    () => new Error('The upload did not throw'),
    (error: unknown) => error,
  );
  if (!(thrown instanceof UploadError)) throw thrown;
  return thrown;
}

export function names(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(2, '0')}`);
}
