// Supabase in the demo: the real supabase-js with a stand-in for PostgREST, which runs on the backend's Postgres.
import { readFile } from 'node:fs/promises';
import { createClient } from '@supabase/supabase-js';
import type { Transport } from 'powersync-backend-connector';
import { postgrest } from 'powersync-backend-connector/supabase';
import { countExecutions } from '../../test/support/postgrest-stand-in/executions.ts';
import { LISTS_AND_TODOS_POLICIES, SUPABASE_ROLES } from '../../test/support/postgrest-stand-in/roles.ts';
import { startPostgrestStandIn } from '../../test/support/postgrest-stand-in.ts';
import type { Backend } from '../backend/server.ts';
import type { Served } from './transports.ts';

/** Sets up the backend's database like a Supabase project, with the SQL function of the package. */
export async function serveSupabase({ database, verify }: Backend): Promise<Served> {
  await database.exec(SUPABASE_ROLES);
  await database.exec(LISTS_AND_TODOS_POLICIES);
  await database.exec(await readFile(new URL('../../sql/powersync_upload.sql', import.meta.url), 'utf8'));
  const executions = await countExecutions(database, ['lists', 'todos']);
  const { url, close } = await startPostgrestStandIn({ database, verifyToken: verify });
  return {
    url,
    close,
    applied: async () => (await database.query('select key from powersync.applied_transactions')).rows.length,
    executions,
  };
}

export function supabaseTransport(url: string): Transport {
  const client = createClient(url, 'anon-key', { auth: { persistSession: false, autoRefreshToken: false } });
  return postgrest({ client, rpc: 'powersync_upload' });
}
