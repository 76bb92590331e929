import {
  BackendConnector,
  type BackendConnectorOptions,
  type Outcome,
  type Transport,
  type UploadBatch,
  type UploadEvent,
} from 'powersync-backend-connector';
import type { TestClient } from './client.ts';

/** A connector with a signed-in user, a transport that applies everything, no jitter and the given changes. */
export function testConnector(options: Partial<BackendConnectorOptions> = {}) {
  const events: UploadEvent[] = [];
  const connector = new BackendConnector({
    endpoint: 'https://service.test',
    credentials: async () => ({ token: 'token' }),
    transport: applyAll,
    random: () => 0,
    ...options,
  });
  connector.subscribe((event) => events.push(event));
  return { connector, events };
}

export const applyAll: Transport = async ({ transactions }) => transactions.map(applied);

/** A transport that gets no answer before its signal is aborted, as `fetch` does. */
export const noAnswer: Transport = (_, { signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
  });

export function applied(): Outcome {
  return { status: 'applied' };
}

/** A transport that remembers what it was given, and answers by the given function. */
export function recordingTransport(answer: Transport = applyAll) {
  const batches: UploadBatch[] = [];
  const transport: Transport = (batch, context) => {
    batches.push(batch);
    return answer(batch, context);
  };
  return {
    transport,
    batches,
    keys: () => batches.flatMap((batch) => batch.transactions.map(({ key }) => key)),
  };
}

/** Inserts to-dos, each in a transaction of its own. */
export async function addTodos({ db }: TestClient, ...descriptions: string[]): Promise<void> {
  for (const description of descriptions) {
    await db.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', [description]);
  }
}

/** Descriptions of the queued to-dos, in queue order; entries without one by their op and id. */
export async function queued({ db }: TestClient): Promise<string[]> {
  const batch = await db.getCrudBatch(10_000);
  return (batch?.crud ?? []).map((entry) => entry.opData?.description ?? `${entry.op} ${entry.id}`);
}

/** Descriptions that a batch carries. */
export function descriptions({ transactions }: UploadBatch): string[] {
  return transactions.flatMap(({ entries }) => entries.map((entry) => entry.opData?.description));
}

/** A promise to settle by hand. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
