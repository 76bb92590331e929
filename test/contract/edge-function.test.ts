import { createClient } from '@supabase/supabase-js';
import { edgeFunction } from 'powersync-backend-connector/supabase';
import { describe } from 'vitest';
import { testHttpContract } from './http-harness.ts';

/** A client whose functions live at the paths of the example backend: `/api/<name>`. */
function clientOf(url: string) {
  return createClient(url, 'sb_publishable_of_the_tests', {
    auth: { persistSession: false, autoRefreshToken: false },
    global: {
      fetch: (input, init) => fetch(String(input).replace('/functions/v1/', '/api/'), init),
    },
  });
}

describe('edgeFunction(), before the example backend', () => {
  testHttpContract({
    make: (url) => edgeFunction({ client: clientOf(url), name: 'data' }),
    atomic: true,
    idempotent: true,
  });
});
