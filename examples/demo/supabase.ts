// Supabase in the demo: real supabase-js against a stand-in of PostgREST, which runs on the backend's Postgres.
import { readFile } from 'node:fs/promises';
import { createClient } from '@supabase/supabase-js';
import type { Transport } from 'powersync-backend-connector';
import { postgrest } from 'powersync-backend-connector/supabase';
import { LISTS_AND_TODOS_POLICIES, SUPABASE_ROLES } from '../../test/support/postgrest-stand-in/roles.ts';
import { type PostgrestStandIn, startPostgrestStandIn } from '../../test/support/postgrest-stand-in.ts';
import type { Backend } from '../backend/server.ts';

/** Gives the backend's database what a Supabase project has, the SQL function of the package included. */
export async function serveSupabase({ database, verify }: Backend): Promise<PostgrestStandIn> {
  await database.exec(SUPABASE_ROLES);
  await database.exec(LISTS_AND_TODOS_POLICIES);
  await database.exec(await readFile(new URL('../../sql/powersync_upload.sql', import.meta.url), 'utf8'));
  return startPostgrestStandIn({ database, verifyToken: verify });
}

export function supabaseTransport(url: string): Transport {
  const client = createClient(url, 'anon-key', { auth: { persistSession: false, autoRefreshToken: false } });
  return postgrest({ client, rpc: 'powersync_upload' });
}

export async function appliedBySupabase({ query }: Backend): Promise<number> {
  return (await query('select key from powersync.applied_transactions')).length;
}
