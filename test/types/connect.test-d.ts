// Checked by the compiler alone: what the transports of Connect are assignable to, and what must not compile.
import type { Transport as RealTransport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import * as web from '@connectrpc/connect-web';
import { BackendConnector, type Transport } from 'powersync-backend-connector';
import {
  type ConnectTransport,
  type WriteServiceOptions,
  writeService,
} from 'powersync-backend-connector/connect';
import { expectTypeOf } from 'vitest';

const baseUrl = 'https://api.example.com';

// Every transport of Connect fits, whatever it runs on.
expectTypeOf<RealTransport>().toExtend<ConnectTransport>();
writeService({ transport: createGrpcTransport({ baseUrl }) });
writeService({ transport: createGrpcWebTransport({ baseUrl, httpVersion: '1.1' }) });
writeService({ transport: createConnectTransport({ baseUrl, httpVersion: '2' }) });
writeService({ transport: web.createConnectTransport({ baseUrl }) });
writeService({ transport: web.createGrpcWebTransport({ baseUrl }) });

// What it makes is an upload transport.
expectTypeOf(writeService).returns.toEqualTypeOf<Transport>();
const transport = createGrpcTransport({ baseUrl });
new BackendConnector({
  endpoint: 'https://my.powersync.example',
  credentials: async () => null,
  transport: writeService({ transport }),
});

// Undefined keeps the default, also where it is spelt out.
export const options: WriteServiceOptions = {
  transport,
  headers: undefined,
  authorization: undefined,
  maxTransactions: undefined,
  maxMessageBytes: undefined,
  keysAsMetadata: undefined,
  errorCodes: undefined,
};
writeService({ transport, headers: { 'x-app-version': '1.4.0' } });
writeService({ transport, headers: new Headers() });
writeService({
  transport,
  headers: async ({ attempt, clientId }) => ({ 'x-try': `${attempt} ${clientId}` }),
});

// @ts-expect-error: a transport is required
writeService({});
// @ts-expect-error: a URL is no transport; one is made of it for a protocol
writeService({ transport: baseUrl });
// @ts-expect-error: a misspelt option
writeService({ transport, maxBodyBytes: 1 });
// @ts-expect-error: a code that is none
writeService({ transport, errorCodes: { TOO_OLD: 'gone' } });
// @ts-expect-error: an upload transport is none of Connect
writeService({ transport: writeService({ transport }) });
