import type { PlatformFetch } from '../globals.ts';
import { graphql } from '../graphql/graphql.ts';
import { batchEndpoint } from '../http/batch-endpoint.ts';
import { rowEndpoints } from '../http/row-endpoints.ts';
import { writeApi } from '../http/write-api.ts';
import type { Transport } from '../transport.ts';

/** A contract that a backend may honour, and what is expected of it. */
export interface Contract {
  readonly name: string;
  readonly transport: (url: string, fetch: PlatformFetch) => Transport;
  /** Applies each transaction as a whole. */
  readonly atomic: boolean;
  /** Bad data is answered with a 2xx and results. */
  readonly inBand: boolean;
  /** One url takes JSON by POST, so that bodies of any kind can be tried. */
  readonly oneUrl: boolean;
  /** Bodies that aren't in the form of the contract, and have to be refused. */
  readonly malformed: readonly string[];
  /** Whether a 2xx refuses all the same. Default: none does. */
  readonly isRefusal?: (text: string) => boolean;
  /** The most transactions that a request has to be taken with. */
  readonly maxTransactions: number;
}

const NO_JSON = '{"transactions": [';

export const CONTRACTS: Readonly<Record<string, Contract>> = {
  'write-api': {
    name: 'write-api',
    transport: (url, fetch) => writeApi({ url, fetch, maxBodyBytes: 100_000_000 }),
    atomic: true,
    inBand: true,
    oneUrl: true,
    malformed: [NO_JSON, '{}', '{"transactions":[]}', '{"transactions":[{"crud":[{"op":"MERGE"}]}]}'],
    maxTransactions: 50,
  },
  batch: {
    name: 'batch',
    transport: (url, fetch) => batchEndpoint({ url, fetch, maxBodyBytes: 100_000_000 }),
    atomic: true,
    inBand: false,
    oneUrl: true,
    malformed: [NO_JSON, '{}', '{"batch":[{"op":"MERGE"}]}'],
    maxTransactions: 1,
  },
  rows: {
    name: 'rows',
    transport: (url, fetch) => rowEndpoints({ url, fetch }),
    atomic: false,
    inBand: false,
    oneUrl: false,
    malformed: [],
    maxTransactions: 1,
  },
  graphql: {
    name: 'graphql',
    transport: (url, fetch) => graphql({ url, fetch, maxBodyBytes: 100_000_000 }),
    atomic: true,
    inBand: true,
    oneUrl: true,
    malformed: [NO_JSON, '{}', '{"query":"mutation {"}'],
    isRefusal: (text) => /^\s*\{\s*"errors"\s*:\s*\[/.test(text),
    maxTransactions: 50,
  },
};
