// What apps write compiles, and what they mistype doesn't. Compiled by `npm run types`, never run.
import ky from 'ky';
import {
  BackendConnector,
  type BackendConnectorOptions,
  type ConnectorDatabase,
  type Outcome,
  type RejectionPolicy,
  record,
  type Transport,
  UploadError,
  type UploadErrorCode,
  type UploadEvent,
  type UploadStatus,
} from 'powersync-backend-connector';
import { perEntry, route } from 'powersync-backend-connector/combine';
import { batchEndpoint, rowEndpoints, writeApi } from 'powersync-backend-connector/http';
import { claimQueued } from 'powersync-backend-connector/owners';
import { watchRejected } from 'powersync-backend-connector/rejections';
import { expectTypeOf } from 'vitest';

const url = 'https://api.example.com/api/data';
const required = {
  endpoint: 'https://example.powersync.journeyapps.com',
  credentials: async () => ({ token: 'token' }),
  transport: writeApi({ url }),
};

// Transports
expectTypeOf(writeApi).returns.toEqualTypeOf<Transport>();
writeApi({ url, ky });
writeApi({ url, ky: ky.extend({ hooks: { beforeRequest: [] } }) });
writeApi({ url, fetch, headers: async () => ({ 'x-app-version': '1.4.0' }) });

expectTypeOf(batchEndpoint).returns.toEqualTypeOf<Transport>();
batchEndpoint({ url, ky, headers: ({ attempt }) => ({ 'x-attempt': `${attempt}` }) });
batchEndpoint({ url, decode: ({ json }) => (json?.saved ? [{ status: 'applied' }] : undefined) });
rowEndpoints({ url, routes: { todos: { PUT: { method: 'POST' }, DELETE: false }, default: {} } });
perEntry(async () => {});
perEntry(async ({ id }) => (id ? undefined : { status: 'applied' }));
// @ts-expect-error: what isn't known of an entry is no outcome of it
perEntry(async () => ({ status: 'not_attempted' }));
// @ts-expect-error: a response is no outcome
perEntry(async () => new Response());
route({ todos: batchEndpoint({ url }), default: rowEndpoints({ url }) });
route([{ match: ({ op }) => op === 'DELETE', transport: batchEndpoint({ url }) }]);
// @ts-expect-error: a route is a transport
route({ todos: url });
// @ts-expect-error: codes are those of the closed set
writeApi({ url, errorCodes: { TOO_OLD: 'later' } });

// Batching
new BackendConnector({ ...required, batching: { maxTransactions: 20 } });
new BackendConnector({ ...required, batching: { maxTransactions: 1 } });

// Policies
expectTypeOf(record).returns.toEqualTypeOf<RejectionPolicy>();
new BackendConnector({ ...required, rejections: () => 'hold' });
new BackendConnector({
  ...required,
  rejections: async ({ needsDecision }) => (needsDecision ? 'hold' : 'complete'),
});

// Overrides: undefined keeps the default, also where it is spelt out.
new BackendConnector({ ...required, retry: undefined, classify: undefined, transform: undefined });
new BackendConnector({ ...required, classify: ({ code }) => (code === 'conflict' ? 'hold' : undefined) });
new BackendConnector({
  ...required,
  transform: [(entries) => entries.filter(({ table }) => table !== 'drafts')],
});

// Codes and events are closed sets.
expectTypeOf(UploadError.from).returns.toEqualTypeOf<UploadError>();
expectTypeOf<UploadError['code']>().toEqualTypeOf<UploadErrorCode>();
expectTypeOf<Extract<UploadEvent, { type: 'failed' }>['code']>().toEqualTypeOf<UploadErrorCode>();

// @ts-expect-error: a misspelt option
new BackendConnector({ ...required, retires: {} });
// @ts-expect-error: a misspelt option of an option
new BackendConnector({ ...required, retry: { timeout: 1_000 } });
// @ts-expect-error: a transport is required
new BackendConnector({ endpoint: required.endpoint, credentials: required.credentials });
// @ts-expect-error: credentials come later, from a function
new BackendConnector({ ...required, credentials: { token: 'token' } });
// @ts-expect-error: a policy completes or holds, there is no third way
new BackendConnector({ ...required, rejections: () => 'discard' });
// @ts-expect-error: a policy has to decide
new BackendConnector({ ...required, rejections: async () => {} });
// @ts-expect-error: an unknown verdict
new BackendConnector({ ...required, classify: () => 'drop' });
// @ts-expect-error: an unknown code
new UploadError('gone', 'The row is gone');
// @ts-expect-error: a write API needs its url
writeApi({ headers: {} });
// @ts-expect-error: a misspelt option
writeApi({ url, maxBytes: 1 });

// @ts-expect-error: an outcome without a status
export const withoutStatus: Outcome = {};
// @ts-expect-error: a rejection without its error
export const withoutError: Outcome = { status: 'rejected' };

export const transport: Transport = async (batch) => {
  // @ts-expect-error: a batch is sent or it isn't; the context's signal ends it
  batch.cancel();
  // @ts-expect-error: a batch is whole transactions, nobody adds to it
  batch.transactions.push();
  return batch.transactions.map(() => ({ status: 'applied' }));
};

// @ts-expect-error: an outcome for each transaction, not one for all
export const oneForAll: Transport = async () => ({ status: 'applied' });
// @ts-expect-error: not a promise of anything
export const silent: Transport = async () => {};

/** Options that are needed can't be left out. */
export function isNeeded(connector: BackendConnector, database: ConnectorDatabase): void {
  // @ts-expect-error: without a signal, it would never end
  connector.keepUploading(database);
  // @ts-expect-error: without a signal, it would never end
  watchRejected(database, () => {});
  // @ts-expect-error: whose writes?
  claimQueued(database);
}

export function isReadOnly(
  connector: BackendConnector,
  options: BackendConnectorOptions,
  status: UploadStatus,
): void {
  // @ts-expect-error: the connector alone sets its status
  connector.status = status;
  // @ts-expect-error: a snapshot doesn't change
  connector.status.counters.applied = 0;
  // @ts-expect-error: options are read once, by the constructor
  options.endpoint = url;
}
