// The real clients fit, typed by the app's schema or not, and what is mistyped doesn't compile. Never run.
import { PostgrestClient } from '@supabase/postgrest-js';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { BackendConnector, type CredentialsProvider, type Transport } from 'powersync-backend-connector';
import { edgeFunction, postgrest, supabaseCredentials } from 'powersync-backend-connector/supabase';
import { expectTypeOf } from 'vitest';

interface Table {
  Row: { id: string; name: string };
  Insert: { id: string; name: string };
  Update: { id?: string; name?: string };
  Relationships: [];
}

interface Database {
  public: {
    Tables: { lists: Table; todos: Table };
    Views: { all_lists: { Row: { id: string }; Relationships: [] } };
    Functions: { powersync_upload: { Args: { idempotency_key: string; crud: unknown }; Returns: unknown } };
  };
  app: { Tables: { notes: Table }; Views: Record<never, never>; Functions: Record<never, never> };
}

const untyped = createClient('https://example.supabase.co', 'key');
const typed = createClient<Database>('https://example.supabase.co', 'key');
const ofSchema = createClient<Database, 'app'>('https://example.supabase.co', 'key', {
  db: { schema: 'app' },
});
const rest = new PostgrestClient('https://example.com/rest/v1');
const typedRest = new PostgrestClient<Database>('https://example.com/rest/v1');

expectTypeOf(postgrest).returns.toEqualTypeOf<Transport>();
expectTypeOf(edgeFunction).returns.toEqualTypeOf<Transport>();
expectTypeOf(supabaseCredentials).returns.toEqualTypeOf<CredentialsProvider>();

for (const client of [untyped, typed, ofSchema, rest, typedRest, typed.schema('app'), rest.schema('app')]) {
  postgrest({ client });
  postgrest({ client, rpc: 'powersync_upload', errorCodes: { P0001: 'conflict' } });
}
for (const client of [untyped, typed, ofSchema]) {
  edgeFunction({ client, name: 'upload' });
  supabaseCredentials({ client });
}
edgeFunction({ client: { functions: untyped.functions }, name: 'upload' });

export function anyClient(client: SupabaseClient): BackendConnector {
  return new BackendConnector({
    endpoint: 'https://example.powersync.journeyapps.com',
    credentials: supabaseCredentials({ client }),
    transport: postgrest({ client }),
  });
}

// @ts-expect-error: a client is required
postgrest({ rpc: 'powersync_upload' });
// @ts-expect-error: a misspelt option
postgrest({ client: untyped, function: 'powersync_upload' });
// @ts-expect-error: an unknown code
postgrest({ client: untyped, errorCodes: { P0001: 'gone' } });
// @ts-expect-error: a url is no client
postgrest({ client: 'https://example.supabase.co' });
// @ts-expect-error: a client for tables calls no functions
edgeFunction({ client: rest, name: 'upload' });
// @ts-expect-error: which function?
edgeFunction({ client: untyped });
// @ts-expect-error: a client for tables knows no session
supabaseCredentials({ client: rest });
