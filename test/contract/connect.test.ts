import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { type ConnectTransport, writeService } from 'powersync-backend-connector/connect';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

// gRPC itself needs HTTP/2, which the faulty proxy doesn't speak: test/connect has its faults.
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
