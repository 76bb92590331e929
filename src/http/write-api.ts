import { optionChecks } from '../check-options.ts';
import { packTransactions } from '../contract/pack-transactions.ts';
import { type ErrorCodes, readResults } from '../contract/read-results.ts';
import type { Transport } from '../transport/transport.ts';
import { createHttpClient, type HttpOptions } from './http-client.ts';
import { checkErrorCodes, checkHttpOptions } from './http-options.ts';

/** Options of {@link writeApi}. */
export interface WriteApiOptions extends HttpOptions {
  /** URL that the backend accepts writes at. */
  readonly url: string;
  /**
   * Most transactions in one request. Every backend of the contract accepts 50. Raise it only if yours accepts more,
   * and raise the connector's `batching.maxTransactions` too.
   *
   * @default 50
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Most bytes of one request body. A single larger transaction is sent anyway. Keep it below your backend's limit,
   * because browsers show a 413 without CORS headers as a network error. The published backends accept 100 kB.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Meaning of your backend's own `error_code` values, or another meaning for known ones.
   *
   * @default every code that the contract doesn't name is `invalid`
   */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * Transport for PowerSync's reference write API: up to 50 transactions in one `POST`, with one result for each.
 *
 * Each transaction is sent with everything that the contract allows, including previous values and metadata, and with
 * its `idempotency_key`, which backends may ignore. The answer is read strictly: if it isn't in the form of the
 * contract, every write stays queued.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { writeApi } from 'powersync-backend-connector/http';
 *
 * const transport = writeApi({
 *   url: 'https://api.example.com/api/data',
 *   headers: { 'x-app-version': '1.4.0' },
 *   maxBodyBytes: 1_000_000,
 *   errorCodes: { APP_TOO_OLD: 'update_required' },
 * });
 * ```
 */
export function writeApi(options: WriteApiOptions): Transport {
  const { object, count, noOthers } = optionChecks('writeApi');
  const { url, headers, authorization, fetch, ky, ...own } = object('options', options, 'an object with url');
  const { maxTransactions = 50, maxBodyBytes = 100_000, errorCodes, ...others } = own;
  noOthers('', others);
  checkHttpOptions('writeApi', options);
  checkErrorCodes('writeApi', errorCodes);
  count('maxTransactions', maxTransactions);
  count('maxBodyBytes', maxBodyBytes);
  const client = createHttpClient(url, { headers, authorization, fetch, ky });

  const transport: Transport = async ({ transactions }, context) => {
    const { body, count } = packTransactions(transactions, maxBodyBytes, maxTransactions);
    const results = readResults(await client({ url, body }, context), count, errorCodes);
    return transactions.map((_, index) => results[index] ?? { status: 'not_attempted' });
  };
  return Object.assign(transport, { url });
}
