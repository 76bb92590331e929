import { optionChecks } from '../check-options.ts';
import { packTransactions } from '../contract/pack-transactions.ts';
import { type ErrorCodes, readResults } from '../contract/read-results.ts';
import type { Transport } from '../transport/transport.ts';
import { createHttpClient, type HttpOptions } from './http-client.ts';
import { checkErrorCodes, checkHttpOptions } from './http-options.ts';

/** Options of {@link writeApi}. */
export interface WriteApiOptions extends HttpOptions {
  /** Where the backend takes writes. */
  readonly url: string;
  /**
   * The most transactions in a request. Default 50, which every backend of the contract takes; more only where yours does,
   * together with the connector's `batching.maxTransactions`.
   */
  readonly maxTransactions?: number | undefined;
  /**
   * The most bytes of one request body. Default 100 000, just under the 100 kB that the published backends take; a
   * single larger transaction is sent all the same. Keep it below your backend's limit: a browser shows a 413 without
   * CORS headers as a network error.
   */
  readonly maxBodyBytes?: number | undefined;
  /** What `error_code` values of your own mean. Default: any that the contract doesn't name is `invalid`. */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * The upload transport for PowerSync's reference write API: up to 50 transactions in one `POST`, one result for each.
 *
 * Sends what the contract has room for, previous values and metadata included, and `idempotency_key` with each
 * transaction, which a backend that doesn't know it ignores. The answer is read strictly: one that isn't in the form of
 * the contract says nothing, and every write is kept.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
  const { url, headers, authorization, fetch, ky, ...own } = options;
  const { maxTransactions = 50, maxBodyBytes = 100_000, errorCodes, ...others } = own;
  const { count, noOthers } = optionChecks('writeApi');
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
