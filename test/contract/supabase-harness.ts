import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Transport } from 'powersync-backend-connector';
import { afterAll, beforeAll, test } from 'vitest';
import { openDatabase } from '../../examples/backend/database.ts';
import { createTokens } from '../../examples/backend/tokens.ts';
import {
  type ContractNeed,
  type TransportHarness,
  transportContract,
} from '../../src/testing/transport-contract.ts';
import { ANON_KEY, uploadFunction } from '../supabase/support.ts';
import { startFaultyProxy } from '../support/faulty-proxy.ts';
import { SUPABASE_ROLES } from '../support/postgrest-stand-in/roles.ts';
import { startPostgrestStandIn } from '../support/postgrest-stand-in.ts';
import { CONTRACT_USER, httpFaults, type TransportPromises } from './http-harness.ts';

/** Each user has rows of their own; nobody else sees or changes them. */
const NOTES = `
  create table notes (
    id text primary key,
    title text check (title <> 'refuse me'),
    note text,
    amount double precision,
    owner_id text not null default auth.uid()
  );
  alter table notes enable row level security;
  create policy own_notes on notes to authenticated
    using (owner_id = (select auth.uid())) with check (owner_id = (select auth.uid()));
  grant select, insert, update, delete on notes to authenticated;
`;

export interface SupabaseContractOptions extends TransportPromises {
  /** Makes the transport, given a client that nobody is signed in to. */
  readonly make: (client: SupabaseClient) => Transport;
  /** SQL that counts what was executed; left out where that can't be told. */
  readonly executions?: string;
  /** Needs of cases that have no meaning for this transport, each with the reason. */
  readonly without?: Readonly<Partial<Record<ContractNeed, string>>>;
}

/** PostgREST's stand-in on an embedded Postgres, behind a network with faults. */
async function startSupabaseWorld({ make, executions, without: _, ...promises }: SupabaseContractOptions) {
  const database = await openDatabase();
  await database.exec(SUPABASE_ROLES + NOTES + (await uploadFunction()));
  const tokens = await createTokens();
  const standIn = await startPostgrestStandIn({ database, anonKey: ANON_KEY, verifyToken: tokens.verify });
  const proxy = await startFaultyProxy(standIn.url);
  const auth = { persistSession: false, autoRefreshToken: false };
  return {
    async harness(): Promise<TransportHarness> {
      proxy.heal();
      await database.exec('truncate notes, powersync.applied_transactions');
      const token = await tokens.issue(CONTRACT_USER);
      return {
        ...promises,
        createTransport: () => make(createClient(proxy.url, ANON_KEY, { auth })),
        token: async () => token,
        table: {
          name: 'notes',
          text: 'title',
          note: 'note',
          amount: 'amount',
          refused: { title: 'refuse me' },
        },
        backend: {
          // Through JSON: the embedded Postgres drops a byte order mark at the start of a text that it returns.
          async rows() {
            const sql = 'select to_json(notes) as row from notes where owner_id = $1';
            const { rows } = await database.query<{ row: Record<string, unknown> }>(sql, [CONTRACT_USER]);
            return rows.map(({ row }) => row);
          },
          requests: () => proxy.requests.length,
          ...(executions !== undefined && {
            async executions() {
              const { rows } = await database.query<{ count: number }>(executions);
              return rows[0]?.count ?? Number.NaN;
            },
          }),
          faults: httpFaults(proxy),
        },
      };
    },
    async close() {
      await proxy.close();
      await standIn.close();
      await database.close();
    },
  };
}

/** Declares one test for each case of the contract, over the real supabase-js and PostgREST's stand-in. */
export function testSupabaseContract(options: SupabaseContractOptions): void {
  let world: Awaited<ReturnType<typeof startSupabaseWorld>>;
  beforeAll(async () => {
    world = await startSupabaseWorld(options);
  }, 60_000);
  afterAll(() => world.close());
  const { without = {} } = options;
  const cases = transportContract.filter(({ needs }) => needs.every((need) => without[need] === undefined));
  test.each(cases)('$name', async ({ run }) => {
    await run(await world.harness());
  });
}
