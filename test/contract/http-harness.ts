import type { Transport } from 'powersync-backend-connector';
import { afterAll, beforeAll, test } from 'vitest';
import { openDatabase } from '../../examples/backend/database.ts';
import { type Backend, startBackend } from '../../examples/backend/server.ts';
import {
  type ContractNeed,
  type TransportFault,
  type TransportHarness,
  transportContract,
} from '../../src/testing/transport-contract.ts';
import { type FaultyProxy, startFaultyProxy } from '../support/faulty-proxy.ts';

const CONTRACT_USER = 'contract-user';

/** A table of its own: each column takes null, and `amount` fractions. */
const NOTES = `
  create table notes (
    id text primary key,
    title text check (title <> 'refuse me'),
    note text,
    amount double precision,
    owner_id text not null
  );
`;

/** The example backend on an embedded Postgres, behind a network with faults. */
export interface ContractWorld {
  readonly backend: Backend;
  readonly proxy: FaultyProxy;
  /** A harness with an empty table and a sound network. */
  harness(make: HttpContractOptions['make'], promises: TransportPromises): Promise<TransportHarness>;
  /** The same past the network, so without faults. */
  directHarness(make: HttpContractOptions['make'], promises: TransportPromises): Promise<TransportHarness>;
  close(): Promise<void>;
}

export type TransportPromises = Pick<TransportHarness, 'atomic' | 'idempotent'>;

async function startContractWorld(serve?: HttpContractOptions['serve']): Promise<ContractWorld> {
  const database = await openDatabase();
  await database.exec(NOTES);
  const backend = await startBackend({ database, tables: ['notes'], log: () => {} });
  const served = await serve?.(backend);
  const proxy = await startFaultyProxy(served?.url ?? backend.url);
  const world: ContractWorld = {
    backend,
    proxy,
    async harness(make, promises) {
      proxy.heal();
      await database.exec('delete from notes');
      const executions = served?.executions ?? (async () => backend.executions());
      const executedBefore = await executions();
      const issued = await backend.issueToken(CONTRACT_USER);
      return {
        ...promises,
        createTransport: () => make(proxy.url, () => {}),
        token: async () => issued,
        table: {
          name: 'notes',
          text: 'title',
          note: 'note',
          amount: 'amount',
          refused: { title: 'refuse me' },
        },
        backend: {
          // Through JSON: the embedded Postgres drops a byte order mark at the start of a text that it returns.
          rows: async () => (await backend.snapshot(CONTRACT_USER)).notes ?? [],
          requests: () => proxy.requests.length,
          executions: async () => (await executions()) - executedBefore,
          faults: httpFaults(proxy),
        },
      };
    },
    async directHarness(make, promises) {
      const harness = await world.harness(make, promises);
      let requests = 0;
      return {
        ...harness,
        createTransport: () => make(served?.url ?? backend.url, () => requests++),
        backend: { ...harness.backend, requests: () => requests, faults: {} },
      };
    },
    async close() {
      await proxy.close();
      await backend.close();
      await database.close();
    },
  };
  return world;
}

/** How each fault looks over HTTP. */
export function httpFaults(proxy: FaultyProxy): Record<TransportFault, () => void> {
  const body = { message: 'words of the backend' };
  return {
    offline: () => proxy.disconnectNext(),
    'lost-reply': () => proxy.dropNextReply(),
    'broken-reply': () => proxy.truncateNextReply('broken'),
    'cut-reply': () => proxy.truncateNextReply('short-length'),
    'no-reply': () => proxy.hangNext(),
    'server-error': () => proxy.failNext(500, { body }),
    unavailable: () => proxy.failNext(503, { body, headers: { 'retry-after': '1' } }),
    unauthenticated: () => proxy.failNext(401, { body }),
    'web-page': () => proxy.htmlNextReply(),
    'empty-answer': () => proxy.failNext(200),
    'foreign-answer': () => proxy.failNext(200, { body: { hello: 'world' } }),
  };
}

export interface HttpContractOptions extends TransportPromises {
  /** Makes the transport, given the url of the backend. Where it is `direct`, it tells of each request. */
  readonly make: (url: string, onRequest: () => void) => Transport;
  /** It talks to the backend past the network, which speaks HTTP/1.1 only: no case that needs a fault is run. */
  readonly direct?: boolean;
  /** Serves the backend by another contract, where its own url doesn't. */
  readonly serve?: (backend: Backend) => Promise<{
    readonly url: string;
    /** How often something was written. Default: what the backend has counted. */
    readonly executions?: () => Promise<number>;
  }>;
  /** Needs of cases that have no meaning for this transport, each with the reason. */
  readonly without?: Readonly<Partial<Record<ContractNeed, string>>>;
}

/** Declares one test for each case of the contract, over the example backend. */
export function testHttpContract(options: HttpContractOptions): void {
  const { make, serve, direct = false, without = {}, ...promises } = options;
  let world: ContractWorld;
  beforeAll(async () => {
    world = await startContractWorld(serve);
  });
  afterAll(() => world.close());
  const isOffered = (need: ContractNeed): boolean => (need === 'token' || !direct) && !without[need];
  const cases = transportContract.filter(({ needs }) => needs.every(isOffered));
  test.each(cases)('$name', async ({ run }) => {
    await run(await world[direct ? 'directHarness' : 'harness'](make, promises));
  });
}
