import { optionChecks } from '../check-options.ts';
import { createProgress } from '../combine/progress.ts';
import { sendInOrder } from '../combine/send-in-order.ts';
import { skipEmptyPatches } from '../combine/skip-empty.ts';
import type { ErrorCodes } from '../contract/read-results.ts';
import { checkErrorCodes } from '../http/http-options.ts';
import type { Transport } from '../transport/transport.ts';
import { callFunction } from './call-function.ts';
import type { PostgrestClientLike, RpcClient, TableClient } from './client.ts';
import { mergeEntries } from './merge-entries.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { sendEntries } from './send-entries.ts';

/** Options of {@link postgrest}. */
export interface PostgrestOptions {
  /**
   * A `SupabaseClient` of supabase-js or a `PostgrestClient` of postgrest-js. For tables of another schema, pass the
   * result of its `schema('name')`.
   */
  readonly client: PostgrestClientLike;
  /**
   * Name of an SQL function that applies one transaction as a whole, such as `powersync_upload` in the package's
   * `sql/powersync_upload.sql`.
   *
   * @default no function: entries are written to their tables one after another
   */
  readonly rpc?: string | undefined;
  /**
   * Meaning of your backend's own error codes, by the `code` of the error: a SQLSTATE, a PGRST code or your own.
   *
   * @default the usual meaning of SQLSTATEs and PGRST codes
   */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * Transport for PostgREST: Supabase, Neon's Data API, or your own.
 *
 * Without `rpc`, each entry becomes an upsert, update or delete of its table, in queue order. Neighbours are merged if
 * that changes nothing. **A transaction isn't atomic then.** Entries that were applied before a failure are remembered
 * (in memory) and not sent again, and a rejection lists them (`appliedEntries`). After a restart of the app they may be
 * sent again; that does no harm, because PUT is an upsert.
 *
 * With `rpc`, each transaction is one call of an SQL function: atomic, and recognised by its idempotency key if it
 * comes twice.
 *
 * Requests carry the token of the connector's `credentials`, never the client's anonymous key. An update that matches
 * no row is rejected as `conflict` (the row is gone) or `forbidden` (a policy hides it from this user). A delete that
 * matches no row counts as applied.
 *
 * @throws TypeError if an option is missing, unknown or wrong. The message names the option.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js';
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { postgrest, supabaseCredentials } from 'powersync-backend-connector/supabase';
 *
 * const client = createClient('https://example.supabase.co', 'sb_publishable_key');
 *
 * export const connector = new BackendConnector({
 *   endpoint: 'https://example.powersync.journeyapps.com',
 *   credentials: supabaseCredentials({ client }),
 *   transport: postgrest({ client, rpc: 'powersync_upload' }), // without rpc: table by table
 * });
 * ```
 */
export function postgrest(options: PostgrestOptions): Transport {
  const { wrong, object, fn, noOthers } = optionChecks('postgrest');
  const { client, rpc, errorCodes, ...others } = object('options', options, 'an object with client');
  noOthers('', others);
  const method = rpc === undefined ? 'from' : 'rpc';
  fn(`client.${method}`, object('client', client)[method]);
  if (rpc !== undefined && (typeof rpc !== 'string' || rpc === ''))
    wrong('rpc', 'the name of a function', rpc);
  checkErrorCodes('postgrest', errorCodes);
  return rpc === undefined ? toTables(client, errorCodes) : toFunction(client, rpc, errorCodes);
}

function toTables(client: TableClient, errorCodes?: ErrorCodes): Transport {
  const progress = createProgress();
  return skipEmptyPatches(({ transactions }, context) =>
    sendInOrder(transactions, context, {
      progress,
      requests: mergeEntries,
      concurrency: 1,
      send: (placed) => sendEntries(client, placed, context, errorCodes),
    }),
  );
}

function toFunction(client: RpcClient, name: string, errorCodes?: ErrorCodes): Transport {
  return ({ transactions }, context) =>
    oneAtATime(transactions, (transaction) => callFunction(client, name, transaction, context, errorCodes));
}
