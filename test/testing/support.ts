import { setupServer } from 'msw/node';
import { type Transport, type UploadBatch, UploadError } from 'powersync-backend-connector';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { onTestFinished } from 'vitest';
import { mockBatchEndpoint, mockRowEndpoints, mockWriteApi } from '../../src/testing/mocks.ts';
import { context, put } from '../http/support.ts';

/** The mocks of the transports over HTTP, each with the transport for it. */
export const KITS = {
  'writeApi()': {
    mock: (options = {}) => mockWriteApi({ url: 'https://api.test/api/data', ...options }),
    transport: (options: { fetch?: typeof fetch }) =>
      writeApi({ url: 'https://api.test/api/data', ...options }),
    code: 'UNIQUE_VIOLATION',
  },
  'batchEndpoint()': {
    mock: (options = {}) => mockBatchEndpoint({ url: 'https://api.test/sync', ...options }),
    transport: (options: { fetch?: typeof fetch }) =>
      batchEndpoint({ url: 'https://api.test/sync', ...options }),
    code: '23505',
  },
  'rowEndpoints()': {
    mock: (options = {}) => mockRowEndpoints({ url: 'https://api.test/v1', ...options }),
    transport: (options: { fetch?: typeof fetch }) =>
      rowEndpoints({ url: 'https://api.test/v1', idempotencyHeader: 'Idempotency-Key', ...options }),
    code: 'TAKEN',
  },
} as const;

export type KitName = keyof typeof KITS;

/** How a test gets to a mock. */
export const FACES = ['msw/node', 'fetch'] as const;

/** A mock, and a transport that speaks to it. */
export function open(name: KitName, face: (typeof FACES)[number], options: object = {}) {
  const kit = KITS[name];
  const api = kit.mock(options);
  if (face === 'fetch') return { api, transport: kit.transport({ fetch: api.fetch }), code: kit.code };
  listen(...api.handlers);
  return { api, transport: kit.transport({}), code: kit.code };
}

/** Handlers in msw for one test. */
export function listen(...handlers: Parameters<typeof setupServer>): ReturnType<typeof setupServer> {
  const server = setupServer(...handlers);
  server.listen({ onUnhandledFrame: 'error' });
  onTestFinished(() => server.close());
  return server;
}

/** One transaction, with the op ids that keys of entries are made of. */
export function one(name: string, ...entries: Partial<ReturnType<typeof put>>[]): UploadBatch {
  const all = (entries.length ? entries : [{}]).map((entry, index) => ({
    ...put(entry.id ?? name),
    clientId: index + 1,
    ...entry,
  }));
  return { transactions: [{ key: `key-of-${name}`, transactionId: 7, entries: all }] };
}

/** What the transport says of the first transaction: `applied`, or the code of its error. */
export async function said(transport: Transport, batch: UploadBatch, changes: object = {}): Promise<string> {
  return (await errorFrom(transport, batch, changes))?.code ?? 'applied';
}

export async function errorFrom(
  transport: Transport,
  batch: UploadBatch,
  changes: object = {},
): Promise<UploadError | undefined> {
  try {
    const [first] = await transport(batch, context(changes));
    if (first?.status === 'applied') return undefined;
    if (first && 'error' in first) return first.error;
    throw new Error(`It was ${first?.status}`);
  } catch (thrown) {
    return UploadError.from(thrown);
  }
}
