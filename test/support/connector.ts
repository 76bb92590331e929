import {
  BackendConnector,
  type BackendConnectorOptions,
  type Outcome,
  type Transport,
  type UploadBatch,
  type UploadEvent,
} from 'powersync-backend-connector';
import type { TestClient } from './client.ts';

/** A connector with a signed-in user, a transport that applies everything, and no jitter. `options` override these. */
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

/** A transport that gets no answer. It rejects when its signal is aborted, as `fetch` does. */
export const noAnswer: Transport = (_, { signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
  });

export function applied(): Outcome {
  return { status: 'applied' };
}

/** A transport that remembers its batches, and answers with the given transport. */
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

/** Inserts to-dos, each in its own transaction. */
export async function addTodos({ db }: TestClient, ...descriptions: string[]): Promise<void> {
  for (const description of descriptions) {
    await db.execute('INSERT INTO todos (id, description) VALUES (uuid(), ?)', [description]);
  }
}

/** The descriptions of the queued to-dos, in order. For entries without one, their op and id. */
export async function queued({ db }: TestClient): Promise<string[]> {
  const batch = await db.getCrudBatch(10_000);
  return (batch?.crud ?? []).map((entry) => entry.opData?.description ?? `${entry.op} ${entry.id}`);
}

/** The descriptions in a batch. */
export function descriptions({ transactions }: UploadBatch): string[] {
  return transactions.flatMap(({ entries }) => entries.map((entry) => entry.opData?.description));
}

/** A promise with the functions that settle it. */
export function deferred<T = void>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
