import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { ConnectRouter, HandlerContext, Transport } from '@connectrpc/connect';
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import * as web from '@connectrpc/connect-web';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { onTestFinished } from 'vitest';
import {
  TransactionResult_Status as Status,
  type UploadRequest,
  WriteService,
} from '../../examples/backend/gen/powersync/write/v1/write_pb.js';

// ---- clients --------------------------------------------------------------------------------------------------------

export interface Servers {
  /** HTTP/1.1 */
  url: string;
  /** HTTP/2 without TLS */
  http2Url: string;
}

type MakeTransport = (
  servers: Servers,
  options?: { interceptors?: never[]; readMaxBytes?: number },
) => Transport;

/** Every way to speak to a server, as an app would set it up. */
export const PROTOCOLS: readonly [string, MakeTransport][] = [
  ['gRPC', ({ http2Url }, options) => createGrpcTransport({ baseUrl: http2Url, ...options })],
  [
    'gRPC-Web over HTTP/1.1',
    ({ url }, options) => createGrpcWebTransport({ baseUrl: url, httpVersion: '1.1', ...options }),
  ],
  [
    'Connect over HTTP/1.1',
    ({ url }, options) => createConnectTransport({ baseUrl: url, httpVersion: '1.1', ...options }),
  ],
  [
    'Connect over HTTP/2, in JSON',
    ({ http2Url }, options) =>
      createConnectTransport({ baseUrl: http2Url, httpVersion: '2', useBinaryFormat: false, ...options }),
  ],
  ['gRPC-Web of a browser', ({ url }, options) => web.createGrpcWebTransport({ baseUrl: url, ...options })],
  ['Connect of a browser', ({ url }, options) => web.createConnectTransport({ baseUrl: url, ...options })],
];

// ---- servers --------------------------------------------------------------------------------------------------------

type Upload = (request: UploadRequest, context: HandlerContext) => object | Promise<object>;

export const applyAll: Upload = ({ transactions }) => ({
  results: transactions.map(() => ({ status: Status.SUCCESS })),
});

/** A server of `@connectrpc/connect-node`, for one test. */
export async function startConnectServer(
  upload: Upload = applyAll,
  { date, ...options }: { readMaxBytes?: number; date?: string } = {},
): Promise<Servers> {
  const routes = (router: ConnectRouter) => router.service(WriteService, { upload: upload as never });
  const handler = connectNodeAdapter({ routes, ...options }) as RequestListener;
  return startHttpServers((request, response) => {
    if (date) response.setHeader('date', date);
    handler(request, response);
  });
}

/** A server of `@connectrpc/connect-node` that doesn't know the service. */
export function startEmptyServer(): Promise<Servers> {
  return startHttpServers(connectNodeAdapter({ routes: () => {} }) as RequestListener);
}

/** Both HTTP versions, with one handler. `reset()` breaks the connections. */
export async function startHttpServers(handler: RequestListener): Promise<Servers & { reset(): void }> {
  const http1 = createServer(handler);
  const http2 = createHttp2Server(handler as never);
  const sessions = new Set<ServerHttp2Session>();
  http2.on('session', (session) => sessions.add(session));
  const sockets = new Set<Socket>();
  for (const server of [http1, http2] as Server[]) server.on('connection', (socket) => sockets.add(socket));
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    http1.closeAllConnections();
    await Promise.all([http1, http2].map((server) => new Promise((resolve) => server.close(resolve))));
  });
  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return { url: await listen(http1), http2Url: await listen(http2), reset };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A request as proto-loader gives it: by the names of the `.proto`, enums by name. */
export interface LoadedRequest {
  transactions: {
    transaction_id?: string;
    idempotency_key: string;
    crud: { id: string; op: string; table: string; op_data?: LoadedStruct; metadata?: string }[];
  }[];
}

export interface LoadedStruct {
  fields: Record<string, LoadedValue>;
}

interface LoadedValue {
  kind: string;
  stringValue?: string;
  numberValue?: number;
  structValue?: LoadedStruct;
}

type GrpcCall = grpc.ServerUnaryCall<LoadedRequest, object>;

/** A server of `@grpc/grpc-js`, generated at run time from the `.proto` that is shipped; for one test. */
export async function startGrpcJs(
  upload: (call: GrpcCall, answer: grpc.sendUnaryData<object>) => void = ({ request }, answer) =>
    answer(null, { results: request.transactions.map(() => ({ status: 'STATUS_SUCCESS' })) }),
  options: grpc.ServerOptions = {},
): Promise<Servers> {
  const definition = loadSync('powersync/write/v1/write.proto', {
    includeDirs: [fileURLToPath(new URL('../../proto', import.meta.url))],
    keepCase: true,
    longs: String,
    enums: String,
    oneofs: true,
  });
  const loaded = grpc.loadPackageDefinition(definition) as never as {
    powersync: { write: { v1: { WriteService: grpc.ServiceClientConstructor } } };
  };
  const server = new grpc.Server(options);
  server.addService(loaded.powersync.write.v1.WriteService.service, { Upload: upload as never });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  onTestFinished(() => server.forceShutdown());
  const http2Url = `http://127.0.0.1:${port}`;
  return { url: http2Url, http2Url };
}
