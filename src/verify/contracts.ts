import { graphql } from '../graphql/graphql.ts';
import { batchEndpoint } from '../http/batch-endpoint.ts';
import { rowEndpoints } from '../http/row-endpoints.ts';
import { writeApi } from '../http/write-api.ts';
import * as presets from '../presets/index.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type { Transport } from '../transport/transport.ts';

/** How a transport of a contract makes its requests. */
export interface ContractHttp {
  readonly fetch: PlatformFetch;
  readonly headers: Readonly<Record<string, string>>;
}

/** A contract needs a package that is not installed. The message says which. */
export class MissingPackageError extends Error {}

/** A contract that a backend may honour, and what is expected of it. */
export interface Contract {
  readonly name: string;
  /** @throws MissingPackageError */
  readonly transport: (url: string, http: ContractHttp) => Transport | Promise<Transport>;
  /** Applies each transaction as a whole. */
  readonly atomic: boolean;
  /** Bad data is answered with a 2xx and results. */
  readonly inBand: boolean;
  /** The one url that takes JSON by POST, so that bodies of any kind can be tried; undefined where there is none. */
  readonly postUrl?: (url: string) => string;
  /** Headers that the transport sends beside those of every transport. */
  readonly headers?: readonly string[];
  /** False where nothing is known of what a browser may send. */
  readonly browsers?: false;
  /** Bodies that aren't in the form of the contract, and have to be refused. */
  readonly malformed: readonly string[];
  /** Whether a 2xx refuses all the same. Default: none does. */
  readonly isRefusal?: (text: string) => boolean;
  /** The most transactions that a request has to be taken with. */
  readonly maxTransactions: number;
  /** Makes ids, from 8 hexadecimal digits of the run and 12 of the row. Default: UUIDs. */
  readonly id?: (run: string, count: string) => string;
}

/** All ids of rows that are written begin so. */
export const ID_PREFIX = 'feedc0de';

const NO_JSON = '{"transactions": [';

export const CONTRACTS: Readonly<Record<string, Contract>> = {
  'write-api': {
    name: 'write-api',
    transport: (url, http) => writeApi({ url, ...http, maxBodyBytes: 100_000_000 }),
    atomic: true,
    inBand: true,
    postUrl: (url) => url,
    malformed: [NO_JSON, '{}', '{"transactions":[]}', '{"transactions":[{"crud":[{"op":"MERGE"}]}]}'],
    maxTransactions: 50,
  },
  batch: {
    name: 'batch',
    transport: (url, http) => batchEndpoint({ url, ...http, maxBodyBytes: 100_000_000 }),
    atomic: true,
    inBand: false,
    postUrl: (url) => url,
    malformed: [NO_JSON, '{}', '{"batch":[{"op":"MERGE"}]}'],
    maxTransactions: 1,
  },
  rows: {
    name: 'rows',
    transport: (url, http) => rowEndpoints({ url, ...http }),
    atomic: false,
    inBand: false,
    malformed: [],
    maxTransactions: 1,
  },
  graphql: {
    name: 'graphql',
    transport: (url, http) => graphql({ url, ...http, maxBodyBytes: 100_000_000 }),
    atomic: true,
    inBand: true,
    postUrl: (url) => url,
    malformed: [NO_JSON, '{}', '{"query":"mutation {"}'],
    isRefusal: (text) => /^\s*\{\s*"errors"\s*:\s*\[/.test(text),
    maxTransactions: 50,
  },
  connect: {
    name: 'connect',
    transport: connectService,
    atomic: true,
    inBand: true,
    postUrl: (url) => `${url.replace(/\/+$/, '')}/powersync.write.v1.WriteService/Upload`,
    headers: ['connect-protocol-version', 'connect-timeout-ms', 'idempotency-key'],
    malformed: [NO_JSON, '{}', '{"transactions":[]}'],
    maxTransactions: 50,
  },
  nodejs: preset('nodejs', (options) => presets.nodejs({ ...options, userId: 'verify' }), true),
  nextjs: preset('nextjs', (options) => presets.nextjs({ ...options, userId: 'verify' }), true),
  dotnet: preset('dotnet', (options) => presets.dotnet({ ...options, userId: 'verify' }), true),
  cloudcode: preset('cloudcode', (options) => presets.cloudcode({ ...options, userId: 'verify' }), false),
  'agent-skills': preset(
    'agent-skills',
    (options) => presets.agentSkills({ ...options, userId: 'verify' }),
    true,
  ),
  nestjs: preset('nestjs', (options) => presets.nestjs({ ...options, login: () => null }), true),
  django: preset('django', presets.django, false),
  rails: preset('rails', (options) => presets.rails({ ...options, userId: 'verify' }), false),
  laravel: preset('laravel', (options) => presets.laravel({ ...options, userId: 'verify' }), false),
  firebase: preset('firebase', (options) => presets.firebase({ ...options, idToken: () => null }), false),
  'mongodb-expo': {
    ...preset('mongodb-expo', presets.mongodbExpo, false),
    id: (run, count) => `${ID_PREFIX}${run.slice(0, 4)}${count}`,
  },
};

function preset(
  name: string,
  make: (options: presets.PresetOptions) => presets.Preset,
  atomic: boolean,
): Contract {
  const transport = (url: string, http: ContractHttp) => make({ url, ...http }).transport;
  return { name, transport, atomic, inBand: false, browsers: false, malformed: [], maxTransactions: 1 };
}

/** In JSON over HTTP/1.1, which every server of Connect speaks. The package is the user's: it is asked for by name. */
async function connectService(baseUrl: string, { fetch, headers }: ContractHttp): Promise<Transport> {
  const { createConnectTransport } = await import('@connectrpc/connect-web').catch(() => {
    throw new MissingPackageError(
      'The contract "connect" needs two packages more: npm install @connectrpc/connect-web @connectrpc/connect.',
    );
  });
  const { writeService } = await import('../connect/write-service.ts');
  return writeService({
    transport: createConnectTransport({
      baseUrl,
      fetch,
      interceptors: [
        (next) => (request) => {
          for (const [name, value] of Object.entries(headers)) request.header.set(name, value);
          return next(request);
        },
      ],
    }),
  });
}
