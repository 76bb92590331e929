import { readFile } from 'node:fs/promises';
import { createClient } from '@supabase/supabase-js';
import { postgrest } from 'powersync-backend-connector/supabase';
import { describe } from 'vitest';
import type { Backend } from '../../examples/backend/server.ts';
import { countExecutions } from '../support/postgrest-stand-in/executions.ts';
import { SUPABASE_ROLES } from '../support/postgrest-stand-in/roles.ts';
import { startPostgrestStandIn } from '../support/postgrest-stand-in.ts';
import { testHttpContract } from './http-harness.ts';

const NOTES_OF_USERS = `
  alter table notes enable row level security;
  alter table notes alter column owner_id set default auth.uid();
  create policy own_notes on notes to authenticated using (owner_id = (select auth.uid()));
  grant select, insert, update, delete on notes to authenticated;
`;

/** PostgREST is a stand-in, over the real Postgres of the backend. */
async function serve({ database, verify }: Backend) {
  await database.exec(SUPABASE_ROLES + NOTES_OF_USERS);
  await database.exec(await readFile('sql/powersync_upload.sql', 'utf8'));
  const { url } = await startPostgrestStandIn({ database, verifyToken: verify });
  return { url, executions: await countExecutions(database, ['notes']) };
}

const clientOf = (url: string) =>
  createClient(url, 'anon-key', { auth: { persistSession: false, autoRefreshToken: false } });

describe('postgrest(), row by row', () => {
  testHttpContract({
    serve,
    make: (url) => postgrest({ client: clientOf(url) }),
    atomic: false,
    idempotent: false,
    without: { 'broken-reply': 'its answers have no body', 'cut-reply': 'its answers have no body' },
  });
});

describe('postgrest(), by the SQL function', () => {
  testHttpContract({
    serve,
    make: (url) => postgrest({ client: clientOf(url), rpc: 'powersync_upload' }),
    atomic: true,
    idempotent: true,
  });
});
