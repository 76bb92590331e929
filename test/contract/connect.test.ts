import type { Interceptor } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { type ConnectTransport, writeService } from 'powersync-backend-connector/connect';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

describe.each<[name: string, connect: (baseUrl: string) => ConnectTransport]>([
  ['gRPC-Web', (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: '1.1' })],
  ['the Connect protocol', (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1' })],
  [
    'the Connect protocol in JSON',
    (baseUrl) => createConnectTransport({ baseUrl, httpVersion: '1.1', useBinaryFormat: false }),
  ],
])('writeService() over %s', (_, connect) => {
  testHttpContract({
    serve: (backend) => backend.serveGrpc(),
    make: (url) => writeService({ transport: connect(url) }),
    atomic: true,
    idempotent: true,
  });
});

// gRPC itself needs HTTP/2, which the network with faults doesn't speak: test/connect has those.
describe('writeService() over gRPC', () => {
  testHttpContract({
    serve: async (backend) => ({ url: (await backend.serveGrpc()).http2Url }),
    direct: true,
    make(baseUrl, onRequest) {
      const interceptors: Interceptor[] = [
        (next) => (request) => {
          onRequest();
          return next(request);
        },
      ];
      return writeService({ transport: createGrpcTransport({ baseUrl, interceptors }) });
    },
    atomic: true,
    idempotent: true,
  });
});
