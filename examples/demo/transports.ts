import { createGrpcWebTransport } from '@connectrpc/connect-node';
import type { Transport } from 'powersync-backend-connector';
import { writeService } from 'powersync-backend-connector/connect';
import { graphql } from 'powersync-backend-connector/graphql';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import type { ProxiedRequest } from '../../test/support/faulty-proxy.ts';
import type { Backend } from '../backend/server.ts';
import { serveSupabase, supabaseTransport } from './supabase.ts';

/** Another server for the backend's store. If it doesn't count something itself, the backend does. */
export interface Served {
  readonly url: string;
  /** How many transactions it has applied: the number of stored keys. */
  applied?(): Promise<number>;
  /** How often it wrote, whatever the keys were. */
  executions?(): Promise<number>;
  close(): Promise<void>;
}

/** One way to run the demo: a transport, and what it guarantees. */
export interface DemoTransport {
  /** Serves the backend's store with another contract, if the backend itself doesn't speak it. */
  serve?(backend: Backend): Promise<Served>;
  /** Makes the transport of a device. `url` is the backend's address for that device. */
  create(url: string): Transport;
  /** What is sent in one piece and applied as a whole. */
  readonly unit: 'transaction' | 'entry';
  /** How many of these a request contained. Undefined if the request isn't an upload. */
  unitsIn(request: ProxiedRequest): number | undefined;
  /** Lines about the transport, printed at the beginning. */
  readonly tells: readonly string[];
}

export const TRANSPORTS: Readonly<Record<string, DemoTransport>> = {
  'write-api': {
    create: (url) => writeApi({ url: `${url}/api/data` }),
    unit: 'transaction',
    unitsIn: ({ path, body }) => (path === '/api/data' ? JSON.parse(body).transactions.length : undefined),
    tells: ['writeApi(): up to 50 transactions per request, with a key and a result for each'],
  },
  batch: {
    create: (url) => batchEndpoint({ url: `${url}/api/batch` }),
    unit: 'transaction',
    unitsIn: ({ path }) => (path === '/api/batch' ? 1 : undefined),
    tells: ['batchEndpoint(): one transaction per request, with its key, to one JSON endpoint'],
  },
  rows: {
    create: (url) => rowEndpoints({ url: `${url}/api/rows`, idempotencyHeader: 'Idempotency-Key' }),
    unit: 'entry',
    unitsIn: ({ path }) => (path.startsWith('/api/rows/') ? 1 : undefined),
    tells: [
      'rowEndpoints(): a PUT, PATCH or DELETE for each row, each with its own key',
      'Here a local transaction is not atomic: during the upload, others can see a part of it.',
    ],
  },
  graphql: {
    create: (url) => graphql({ url: `${url}/graphql` }),
    unit: 'transaction',
    unitsIn: ({ path, body }) =>
      path === '/graphql' ? JSON.parse(body).variables.transactions.length : undefined,
    tells: ['graphql(): one mutation with up to 50 transactions, with a key and a result for each'],
  },
  grpc: {
    serve: (backend) => backend.serveGrpc(),
    create: (url) =>
      writeService({ transport: createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1' }) }),
    unit: 'transaction',
    unitsIn: ({ path, headers }) =>
      path.endsWith('/Upload') ? String(headers['idempotency-key']).split(',').length : undefined,
    tells: [
      'writeService(): one call with up to 50 transactions, with a key and a result for each',
      'It uses gRPC-Web, because the bad network of this demo speaks only HTTP/1.1.',
    ],
  },
  supabase: {
    serve: serveSupabase,
    create: supabaseTransport,
    unit: 'transaction',
    unitsIn: ({ path }) => (path.endsWith('/rpc/powersync_upload') ? 1 : undefined),
    tells: [
      'postgrest({ rpc }): supabase-js calls one SQL function for each transaction, under row-level security',
      'PostgREST is a stand-in. Postgres, the function and supabase-js are real.',
    ],
  },
};
