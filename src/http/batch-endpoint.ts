import { optionChecks } from '../check-options.ts';
import { failureAlone } from '../combine/failure-alone.ts';
import { isSuccess, refusalOf } from '../contract/http-answer.ts';
import { utf8Length } from '../contract/pack-transactions.ts';
import { type ErrorCodes, refusalByCode } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport, TransportContext, UploadBatch } from '../transport/transport.ts';
import { readErrorPayload } from './error-payload.ts';
import { createHttpClient, type HttpOptions } from './http-client.ts';
import { checkErrorCodes, checkHeaderName, checkHttpOptions } from './http-options.ts';
import { type JsonAnswer, withJson } from './json-answer.ts';
import { jsonBody } from './json-body.ts';

/** Options of {@link batchEndpoint}. */
export interface BatchEndpointOptions extends HttpOptions {
  /** URL that the backend accepts writes at. */
  readonly url: string;
  /**
   * HTTP method.
   *
   * @default 'POST'
   */
  readonly method?: string | undefined;
  /**
   * Most transactions in one request. With 1, a backend that applies each request as a whole also applies each local
   * transaction as a whole. With more, a refused request is sent again in halves.
   *
   * @default 1
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Most bytes of one request body. A single larger transaction is sent anyway.
   *
   * @default 100_000
   */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Makes the request body: a value for JSON, or a promise of one.
   *
   * @default `{ idempotency_key, batch: [{ op, table, id, data }] }`
   */
  readonly encode?: ((batch: UploadBatch) => unknown) | undefined;
  /**
   * Reads every answer, including refusals. Returns one outcome for each transaction of the batch, or undefined to read
   * it like the default. May throw an `UploadError`.
   *
   * @default {@link readErrorPayload} for a 2xx; the error code of the HTTP status for any other answer
   */
  readonly decode?:
    | ((
        answer: JsonAnswer,
        batch: UploadBatch,
      ) => readonly Outcome[] | undefined | Promise<readonly Outcome[] | undefined>)
    | undefined;
  /**
   * Meaning of your backend's own codes in an error payload or in the body of a refusal.
   *
   * @default only SQLSTATEs and codes of the reference write API are known
   */
  readonly errorCodes?: ErrorCodes | undefined;
  /**
   * Name of a header for the idempotency key, such as `'Idempotency-Key'`. Browsers send it only if the backend's CORS
   * set-up allows it. Only with one transaction in each request.
   *
   * @default no header
   */
  readonly idempotencyHeader?: string | undefined;
}

/**
 * Transport for a backend with its own JSON endpoint.
 *
 * The body is `{ idempotency_key, batch: [{ op, table, id, data }] }`. `data` is absent on DELETE. With several
 * transactions in a request there is no `idempotency_key`; instead `transactions: [{ idempotency_key, entries }]` says
 * how many entries of `batch` belong to each, in order.
 *
 * A 2xx with a JSON object means applied, unless an error payload in it says otherwise ({@link readErrorPayload}). With
 * a 2xx that is empty or not JSON, the writes stay queued. Any other answer is read by its HTTP status, or by a known
 * code in its body. Its body is not kept as `details`, unless `decode` returns it.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { batchEndpoint } from 'powersync-backend-connector/http';
 *
 * export const transport = batchEndpoint({
 *   url: 'https://api.example.com/sync',
 *   encode: ({ transactions }) => ({
 *     changes: transactions.flatMap(({ key, entries }) =>
 *       entries.map(({ op, table, id, opData }) => ({ key, op, table, id, columns: opData })),
 *     ),
 *   }),
 *   decode: ({ status, json }, { transactions }) =>
 *     status === 200 && json?.saved === true ? transactions.map(() => ({ status: 'applied' })) : undefined,
 * });
 * ```
 */
export function batchEndpoint(options: BatchEndpointOptions): Transport {
  const {
    url,
    method,
    maxTransactions,
    maxBodyBytes,
    encode,
    decode,
    errorCodes,
    idempotencyHeader,
    ...http
  } = resolve(options);
  const client = createHttpClient(url, http);

  async function deliver(
    batch: UploadBatch,
    body: string,
    context: TransportContext,
  ): Promise<readonly Outcome[]> {
    const key = batch.transactions[0]?.key;
    const headers = idempotencyHeader !== undefined && key !== undefined ? { [idempotencyHeader]: key } : {};
    const answer = withJson(await client({ url, method, body, headers }, context));
    const outcomes = await decode(answer, batch);
    if (outcomes != null) return outcomes;
    if (!isSuccess(answer)) throw refusalByCode(answer, answer.json, errorCodes) ?? refusalOf(answer);
    return readErrorPayload(answer, batch, errorCodes);
  }

  const transport: Transport = async ({ transactions }, context) => {
    const { batch, body } = await pack(
      { transactions: transactions.slice(0, maxTransactions) },
      maxBodyBytes,
      encode,
    );
    const sent = batch.transactions.length;
    const outcomes = await deliver(batch, body, context).catch((failure) => {
      const thrown = utf8Length(body) > maxBodyBytes ? tellOfSize(failure) : failure;
      // Only one transaction of a larger batch was sent, so it is at fault: no need to bisect.
      if (sent > 1 || transactions.length === 1) throw thrown;
      return [failureAlone(thrown)];
    });
    const count = Array.isArray(outcomes) ? outcomes.length : 'no';
    if (count !== sent) {
      throw new UploadError(
        'misconfigured',
        `decode() returned ${count} outcomes for ${sent} transactions. The writes stay queued.`,
      );
    }
    return transactions.map((_, index) => outcomes[index] ?? { status: 'not_attempted' });
  };
  return Object.assign(transport, { url });
}

/** Says in a network error that the body may be too large. A browser hides a 413 without CORS headers like that. */
function tellOfSize(failure: unknown): unknown {
  const { code, detail, cause } = UploadError.from(failure);
  return code === 'network'
    ? new UploadError(
        code,
        `${detail} The body exceeds maxBodyBytes, so it may be too large for the server.`,
        { cause },
      )
    : failure;
}

function resolve(options: BatchEndpointOptions) {
  const { wrong, object, fn, count, noOthers } = optionChecks('batchEndpoint');
  const {
    url,
    method = 'POST',
    maxTransactions = 1,
    maxBodyBytes = 100_000,
    encode = encodeBatch,
    decode = () => undefined,
    errorCodes,
    idempotencyHeader,
    headers,
    authorization,
    fetch,
    ky,
    ...others
  } = object('options', options, 'an object with url');
  noOthers('', others);
  checkHttpOptions('batchEndpoint', options);
  checkErrorCodes('batchEndpoint', errorCodes);
  if (typeof method !== 'string' || !/^[a-z]+$/i.test(method)) wrong('method', 'an HTTP method', method);
  count('maxTransactions', maxTransactions);
  count('maxBodyBytes', maxBodyBytes);
  fn('encode', encode);
  fn('decode', decode);
  checkHeaderName('batchEndpoint', idempotencyHeader);
  if (idempotencyHeader !== undefined && maxTransactions > 1)
    wrong('idempotencyHeader', 'left out where maxTransactions is above 1', idempotencyHeader);
  const http = { headers, authorization, fetch, ky };
  return {
    url,
    method,
    maxTransactions,
    maxBodyBytes,
    encode,
    decode,
    errorCodes,
    idempotencyHeader,
    ...http,
  };
}

function encodeBatch({ transactions }: UploadBatch): object {
  const batch = transactions.flatMap(({ entries }) => entries.map(encodeEntry));
  if (transactions.length === 1) return { idempotency_key: transactions[0]?.key, batch };
  return {
    batch,
    transactions: transactions.map(({ key, entries }) => ({ idempotency_key: key, entries: entries.length })),
  };
}

function encodeEntry({ op, table, id, opData }: UploadEntry): object {
  return { op, table, id, data: op === 'DELETE' ? undefined : (opData ?? {}) };
}

/** The leading transactions that fit into one body, at least one. */
async function pack(
  { transactions }: UploadBatch,
  maxBodyBytes: number,
  encode: (batch: UploadBatch) => unknown,
): Promise<{ batch: UploadBatch; body: string }> {
  for (let count = transactions.length; ; ) {
    const batch = { transactions: transactions.slice(0, count) };
    const body = jsonBody(await encode(batch), 'What encode() returns');
    if (count === 1 || 3 * body.length <= maxBodyBytes) return { batch, body }; // a UTF-16 unit has three bytes at most
    const bytes = utf8Length(body);
    if (bytes <= maxBodyBytes) return { batch, body };
    count = Math.max(1, Math.min(count - 1, Math.floor((count * maxBodyBytes) / bytes)));
  }
}
