import { postgrest } from 'powersync-backend-connector/supabase';
import { describe } from 'vitest';
import { testSupabaseContract } from './supabase-harness.ts';

const noBody = 'PostgREST answers a write without a body; the number of rows stands in a header';

describe('postgrest()', () => {
  testSupabaseContract({
    make: (client) => postgrest({ client }),
    atomic: false,
    idempotent: false,
    without: { 'broken-reply': noBody, 'cut-reply': noBody },
  });
});
