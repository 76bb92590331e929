import type { PlatformFetch } from '../globals.ts';
import type { Transport } from '../transport.ts';
import { createHttpClient, type KyLike, type RequestHeaders } from './http-client.ts';
import { packTransactions } from './write-api-request.ts';
import { readResults } from './write-api-response.ts';

/** Options of {@link writeApi}. */
export interface WriteApiOptions {
  /** Where the backend takes writes. */
  readonly url: string;
  /**
   * Further headers. `Content-Type` and `Authorization` are the transport's own. In browsers, the backend's CORS set-up
   * must allow the others.
   */
  readonly headers?: RequestHeaders | undefined;
  /**
   * The most bytes of one request body. Default 100 000, just under the 100 kB that the published backends take; a
   * single larger transaction is sent all the same. Keep it below your backend's limit: a browser shows a 413 without
   * CORS headers as a network error.
   */
  readonly maxBodyBytes?: number | undefined;
  /** Used instead of the platform's `fetch`; gets a `Request`. */
  readonly fetch?: PlatformFetch | undefined;
  /** A ky instance of your own, for its hooks. Its retries and time-outs are switched off. */
  readonly ky?: KyLike | undefined;
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
 * });
 * ```
 */
export function writeApi(options: WriteApiOptions): Transport {
  const { url, headers = {}, maxBodyBytes = 100_000, fetch, ky, ...others } = options;
  const [other] = Object.keys(others);
  if (other !== undefined) throw new TypeError(`writeApi: there is no option "${other}".`);
  if (typeof url !== 'string' || url === '') throw new TypeError('writeApi: option "url" must be a URL.');
  if (!(Number.isInteger(maxBodyBytes) && maxBodyBytes > 0)) {
    throw new TypeError('writeApi: option "maxBodyBytes" must be a whole number of bytes above 0.');
  }
  if (!headers || !['object', 'function'].includes(typeof headers) || Array.isArray(headers)) {
    throw new TypeError('writeApi: option "headers" must be an object or a function.');
  }
  for (const [name, value] of Object.entries({ fetch, ky })) {
    if (value !== undefined && typeof value !== 'function') {
      throw new TypeError(`writeApi: option "${name}" must be a function.`);
    }
  }
  const client = createHttpClient({ url, headers, fetch, ky });

  const transport: Transport = async ({ transactions }, context) => {
    const { body, count } = packTransactions(transactions, maxBodyBytes);
    const results = readResults(await client(body, context), count);
    return transactions.map((_, index) => results[index] ?? { status: 'not_attempted' });
  };
  return Object.assign(transport, { url });
}
