import { createClient } from '@supabase/supabase-js';
import { edgeFunction } from 'powersync-backend-connector/supabase';
import { testHttpContract } from './http-harness.ts';

// The function is the write route of the example backend, at the address that it has there.
testHttpContract({
  make(url) {
    const client = createClient(url, 'anon-key', {
      auth: { persistSession: false, autoRefreshToken: false },
      global: { fetch: (_, init) => fetch(`${url}/api/data`, init) },
    });
    return edgeFunction({ client, name: 'powersync-upload' });
  },
  atomic: true,
  idempotent: true,
});
