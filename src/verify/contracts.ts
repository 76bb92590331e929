import { graphql } from '../graphql/graphql.ts';
import { batchEndpoint } from '../http/batch-endpoint.ts';
import { rowEndpoints } from '../http/row-endpoints.ts';
import { writeApi } from '../http/write-api.ts';
import * as presets from '../presets/index.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type { Transport } from '../transport/transport.ts';
import type { Columns } from './columns.ts';

/** Options for the requests of a contract's transport. */
export interface ContractHttp {
  readonly fetch: PlatformFetch;
  readonly headers: Readonly<Record<string, string>>;
}

/** The transport or the preset doesn't accept the options. The message names them. */
export class UnusableOptionsError extends Error {}

/** A contract needs a package that isn't installed. The message names it. */
export class MissingPackageError extends Error {}

/** A contract, and what it requires of a backend. */
export interface Contract {
  readonly name: string;
  /** @throws MissingPackageError */
  readonly transport: (url: string, http: ContractHttp, options: object) => Transport | Promise<Transport>;
  /** True if each transaction is applied as a whole. A function if that depends on the options. */
  readonly atomic: boolean | ((options: Columns) => boolean);
  /** True if the backend must keep the idempotency keys, and apply no key twice. */
  readonly keepsKeys: boolean;
  /** Advice for a backend that gives rows its own ids. */
  readonly idAdvice?: string;
  /** True if bad data is answered with a 2xx and results. */
  readonly inBand: boolean;
  /** Returns the one URL that takes JSON by POST, to try any kind of body. Undefined if there is none. */
  readonly postUrl?: (url: string) => string;
  /** Headers that only this transport sends. */
  readonly headers?: readonly string[];
  /** False if the needs of browsers aren't known. */
  readonly browsers?: false;
  /** Bodies that aren't in the form of the contract, so they must be refused. */
  readonly malformed: readonly string[];
  /** Returns true if an answer with a 2xx is a refusal. Default: none is. */
  readonly isRefusal?: (text: string) => boolean;
  /** Number of transactions in one request that the backend must accept. */
  readonly maxTransactions: number;
  /** Makes ids, from 8 hexadecimal digits of the run and 12 of the row. Default: UUIDs. */
  readonly id?: (run: string, count: string) => string;
}

/** The ids of all written rows begin with this. */
export const ID_PREFIX = 'feedc0de';

const NO_JSON = '{"transactions": [';

export const CONTRACTS: Readonly<Record<string, Contract>> = {
  'write-api': {
    name: 'write-api',
    transport: (url, http, options) => writeApi({ maxBodyBytes: 100_000_000, ...options, url, ...http }),
    atomic: true,
    keepsKeys: true,
    inBand: true,
    postUrl: (url) => url,
    malformed: [NO_JSON, '{}', '{"transactions":[]}', '{"transactions":[{"crud":[{"op":"MERGE"}]}]}'],
    maxTransactions: 50,
  },
  batch: {
    name: 'batch',
    transport: (url, http, options) => batchEndpoint({ maxBodyBytes: 100_000_000, ...options, url, ...http }),
    atomic: true,
    keepsKeys: true,
    inBand: false,
    postUrl: (url) => url,
    malformed: [NO_JSON, '{}', '{"batch":[{"op":"MERGE"}]}'],
    maxTransactions: 1,
  },
  rows: {
    name: 'rows',
    transport: (url, http, options) => rowEndpoints({ ...options, url, ...http }),
    atomic: false,
    keepsKeys: true, // if `idempotencyHeader` names a header for them
    inBand: false,
    malformed: [],
    maxTransactions: 1,
  },
  graphql: {
    name: 'graphql',
    transport: (url, http, options) => graphql({ maxBodyBytes: 100_000_000, ...options, url, ...http }),
    atomic: true,
    keepsKeys: true,
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
    keepsKeys: true,
    inBand: true,
    postUrl: (url) => `${url.replace(/\/+$/, '')}/powersync.write.v1.WriteService/Upload`,
    headers: ['connect-protocol-version', 'connect-timeout-ms', 'idempotency-key'],
    malformed: [NO_JSON, '{}', '{"transactions":[]}'],
    maxTransactions: 50,
  },
  nodejs: preset(
    'nodejs',
    (options) => presets.nodejs({ userId: 'verify', ...options }),
    ({ persister }) => persister !== 'mongodb',
  ),
  nextjs: preset('nextjs', (options) => presets.nextjs({ userId: 'verify', ...options }), true),
  dotnet: preset('dotnet', (options) => presets.dotnet({ userId: 'verify', ...options }), true),
  cloudcode: preset('cloudcode', (options) => presets.cloudcode({ userId: 'verify', ...options }), false),
  'agent-skills': preset(
    'agent-skills',
    (options) => presets.agentSkills({ userId: 'verify', ...options }),
    true,
  ),
  'tanstack-starter': preset(
    'tanstack-starter',
    (options) => presets.tanstackStarter({ userId: 'verify', ...options }),
    true,
  ),
  nestjs: preset('nestjs', (options) => presets.nestjs({ login: () => null, ...options }), true),
  django: preset('django', presets.django, false),
  rails: {
    ...preset('rails', (options) => presets.rails({ userId: 'verify', ...options }), false),
    idAdvice:
      'Give the table an id of text (or uuid), and permit :id in the controller. Then set keepsIds: true in the preset, ' +
      `and verify again with --options '{"keepsIds":true}'.`,
  },
  laravel: preset('laravel', (options) => presets.laravel({ userId: 'verify', ...options }), false),
  firebase: preset('firebase', (options) => presets.firebase({ idToken: () => null, ...options }), false),
  'mongodb-expo': {
    ...preset('mongodb-expo', presets.mongodbExpo, false),
    id: (run, count) => `${ID_PREFIX}${run.slice(0, 4)}${count}`,
  },
};

function preset(
  name: string,
  make: (options: presets.PresetOptions) => presets.Preset,
  atomic: Contract['atomic'],
): Contract {
  return {
    name,
    transport: (url, http, options) => make({ ...options, url, ...http }).transport,
    atomic,
    keepsKeys: false,
    inBand: false,
    browsers: false,
    malformed: [],
    maxTransactions: 1,
  };
}

/** Uses JSON over HTTP/1.1, which every Connect server supports. Imports the user's package by name. */
async function connectService(
  baseUrl: string,
  { fetch, headers }: ContractHttp,
  options: object,
): Promise<Transport> {
  const { createConnectTransport } = await import('@connectrpc/connect-web').catch(() => {
    throw new MissingPackageError(
      'The contract "connect" needs two packages more: npm install @connectrpc/connect-web @connectrpc/connect.',
    );
  });
  const { writeService } = await import('../connect/write-service.ts');
  return writeService({
    ...options,
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
