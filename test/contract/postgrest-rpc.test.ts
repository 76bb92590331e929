import { postgrest } from 'powersync-backend-connector/supabase';
import { describe } from 'vitest';
import { testSupabaseContract } from './supabase-harness.ts';

describe('postgrest() with the SQL function', () => {
  testSupabaseContract({
    make: (client) => postgrest({ client, rpc: 'powersync_upload' }),
    atomic: true,
    idempotent: true,
    executions: 'select count(*)::int as count from powersync.applied_transactions',
  });
});
