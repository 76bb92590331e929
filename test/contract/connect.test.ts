import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { type ConnectTransport, writeService } from 'powersync-backend-connector/connect';
import { describe } from 'vitest';
import type { TransportFault } from '../../src/testing/transport-contract.ts';
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

const FAULTS = Object.keys({
  offline: 0,
  'lost-reply': 0,
  'broken-reply': 0,
  'cut-reply': 0,
  'no-reply': 0,
  'server-error': 0,
  unavailable: 0,
  unauthenticated: 0,
  'web-page': 0,
  'empty-answer': 0,
  'foreign-answer': 0,
} satisfies Record<TransportFault, 0>);
const HTTP_1_ONLY = 'the faulty proxy speaks HTTP/1.1 only; test/connect has faults over HTTP/2';

describe('writeService() over gRPC', () => {
  let http2Url = '';
  testHttpContract({
    async serve(backend) {
      const grpc = await backend.serveGrpc();
      http2Url = grpc.http2Url;
      return grpc;
    },
    make: () => writeService({ transport: createGrpcTransport({ baseUrl: http2Url }) }),
    atomic: true,
    idempotent: true,
    without: Object.fromEntries(FAULTS.map((fault) => [fault, HTTP_1_ONLY])),
  });
});
