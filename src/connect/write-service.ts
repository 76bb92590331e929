import { optionChecks } from '../check-options.ts';
import type { ErrorCodes } from '../contract/read-results.ts';
import { parseHttpDate } from '../error/retry-after.ts';
import { UploadError } from '../error/upload-error.ts';
import { checkErrorCodes, checkHeaderOptions } from '../http/http-options.ts';
import { type HeaderOptions, requestHeaders } from '../http/request-headers.ts';
import type { Transport, TransportContext } from '../transport/transport.ts';
import type { ConnectResponse, ConnectTransport } from './connect-transport.ts';
import { type Transaction, WriteService } from './gen/powersync/write/v1/write_pb.js';
import { packMessage } from './pack-message.ts';
import { isConnectError, readFailure } from './read-failure.ts';
import { readResponse } from './read-response.ts';

/** Options of {@link writeService}. `headers` are sent as metadata of the call. */
export interface WriteServiceOptions extends HeaderOptions {
  /**
   * A Connect transport for the protocol of the backend: `createGrpcTransport()`, `createGrpcWebTransport()` or
   * `createConnectTransport()`. Its interceptors run for each call. Its `defaultTimeoutMs` isn't used: the deadline of
   * a call is what is left of `retry.timeoutMs`.
   */
  readonly transport: ConnectTransport;
  /**
   * Most transactions in one call. Every backend of the contract accepts 50. Raise it only if yours accepts more, and
   * raise the connector's `batching.maxTransactions` too.
   *
   * @default 50
   */
  readonly maxTransactions?: number | undefined;
  /**
   * Most bytes of one message in the binary format. A single larger transaction is sent anyway. The default is below
   * the usual limit of gRPC servers, 4 MiB.
   *
   * @default 4_000_000
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Whether the idempotency keys are also sent as `idempotency-key` metadata, comma-separated, for proxies in front of
   * the service. The messages always have them. Set it to false for browsers, unless the backend's CORS set-up allows
   * that header. Keys of more than 4,000 characters in total are left out.
   *
   * @default true
   */
  readonly keysAsMetadata?: boolean | undefined;
  /**
   * Meaning of your backend's own `error_code` values, or another meaning for known ones.
   *
   * @default every code that the contract doesn't name is `invalid`
   */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * Transport for gRPC, gRPC-Web and the Connect protocol: up to 50 transactions in one call of
 * `powersync.write.v1.WriteService`, with one result for each. The service is defined in
 * `proto/powersync/write/v1/write.proto` in this package, for servers in any language.
 *
 * The token is sent as `authorization` metadata, and what is left of `retry.timeoutMs` as the deadline of the call.
 * Answers are read strictly: a status counts as a refusal only if the backend itself sent it, and if the results aren't
 * in the form of the contract, every write stays queued. Integers beyond 2^53 (as bigint) and non-finite numbers are
 * sent as text.
 *
 * Needs `@bufbuild/protobuf` version 2, which every Connect transport depends on.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { createConnectTransport } from '@connectrpc/connect-web';
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { writeService } from 'powersync-backend-connector/connect';
 *
 * export const connector = new BackendConnector({
 *   endpoint: 'https://my.powersync.example',
 *   credentials: async () => ({ token: await fetchToken() }),
 *   transport: writeService({
 *     transport: createConnectTransport({ baseUrl: 'https://api.example.com' }),
 *     keysAsMetadata: false,
 *   }),
 * });
 *
 * declare function fetchToken(): Promise<string>;
 * ```
 */
export function writeService(options: WriteServiceOptions): Transport {
  checkOptions(options);
  const { transport, maxTransactions = 50, maxMessageBytes = 4_000_000, errorCodes } = options;
  const { headers, authorization, keysAsMetadata = true } = options;

  return async ({ transactions }, context) => {
    const packed = packMessage(transactions, { maxTransactions, maxMessageBytes });
    const own = keysAsMetadata ? keyMetadata(packed) : {};
    const metadata = await requestHeaders({ headers, authorization }, own, context);
    const { message } = await call(transport, packed, metadata, context);
    const outcomes = readResponse(message, packed.length, errorCodes);
    return transactions.map((_, index) => outcomes[index] ?? { status: 'not_attempted' });
  };
}

function checkOptions(options: WriteServiceOptions): void {
  const { wrong, object, count, noOthers } = optionChecks('writeService');
  const {
    transport,
    headers,
    authorization,
    errorCodes,
    maxTransactions = 1,
    maxMessageBytes = 1,
    keysAsMetadata = true,
    ...others
  } = object('options', options, 'an object with transport');
  noOthers('', others);
  if (typeof transport?.unary !== 'function')
    wrong('transport', 'a transport of @connectrpc/connect', transport);
  checkHeaderOptions('writeService', { headers, authorization });
  checkErrorCodes('writeService', errorCodes);
  count('maxTransactions', maxTransactions);
  count('maxMessageBytes', maxMessageBytes);
  if (typeof keysAsMetadata !== 'boolean') wrong('keysAsMetadata', 'true or false', keysAsMetadata);
}

/** gRPC metadata is often limited to 8 KiB in total, and the token may need half of it. */
const MAX_KEYS_LENGTH = 4_000;

/**
 * The keys as metadata. Left out if a key has unusual characters or all are too long: the messages have them anyway.
 */
function keyMetadata(packed: readonly Transaction[]): Record<string, string> {
  const keys = packed.map(({ idempotencyKey }) => idempotencyKey);
  const value = keys.join(', ');
  const isPlain = keys.every((key) => /^[!-+\--~]+$/.test(key)); // visible ASCII without the comma
  return isPlain && value.length <= MAX_KEYS_LENGTH ? { 'idempotency-key': value } : {};
}

/** gRPC allows eight digits for a time-out. */
const MAX_TIMEOUT_MS = 99_999_999;

async function call(
  transport: ConnectTransport,
  transactions: readonly Transaction[],
  metadata: Headers,
  { signal, timeLeftMs, serverTime }: TransportContext,
): Promise<ConnectResponse> {
  // At least 1: for Connect, 0 means no deadline.
  const left = timeLeftMs && Math.min(Math.max(1, Math.ceil(timeLeftMs())), MAX_TIMEOUT_MS);
  const tellTime = (headers: ConnectResponse['header']): void => {
    const time = parseHttpDate(headers?.get('date'));
    if (!Number.isNaN(time)) serverTime?.(time);
  };
  try {
    const response = await transport.unary(WriteService.method.upload, signal, left, metadata, {
      transactions,
    });
    tellTime(response.header);
    return response;
  } catch (thrown) {
    if (signal.aborted) throw new UploadError('aborted', 'The upload was aborted. The writes stay queued.');
    if (isConnectError(thrown)) tellTime(thrown.metadata);
    throw readFailure(thrown, transactions.length);
  }
}
