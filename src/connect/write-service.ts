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

/** Options of {@link writeService}. `headers` go out as metadata of the call. */
export interface WriteServiceOptions extends HeaderOptions {
  /**
   * A transport of Connect, for whichever protocol the backend speaks: `createGrpcTransport()`,
   * `createGrpcWebTransport()` or `createConnectTransport()`. Its interceptors run for each call. Its
   * `defaultTimeoutMs` isn't used: the deadline of a call is what is left of `retry.timeoutMs`.
   */
  readonly transport: ConnectTransport;
  /** The most transactions in a call. Default 50, which every backend of the contract takes. */
  readonly maxTransactions?: number | undefined;
  /**
   * The most bytes of a message in the binary format. Default 4 000 000, below the 4 MiB that gRPC servers take unless
   * they are told otherwise; a single larger transaction is sent all the same.
   */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Whether the keys of the transactions are also sent as `idempotency-key` metadata, comma-separated, for what stands
   * before the service; the messages have them in any case. Default true; turn it off for browsers, unless the backend's
   * CORS set-up allows that header. Keys of more than 4000 characters in all are left out.
   */
  readonly keysAsMetadata?: boolean | undefined;
  /** What `error_code` values of your own mean. Default: any that the contract doesn't name is `invalid`. */
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * The upload transport for gRPC, gRPC-Web and the Connect protocol: up to 50 transactions in one call of
 * `powersync.write.v1.WriteService`, one result for each. The service is `proto/powersync/write/v1/write.proto` in this
 * package, for servers in any language.
 *
 * The token travels as `authorization` metadata, and what is left of `retry.timeoutMs` as the deadline of the call.
 * Answers are read strictly: a status counts as a refusal only where the backend itself gave it, and results that aren't
 * those of the contract say nothing. Integers beyond 2^53 (as bigint) and non-finite numbers travel as text.
 *
 * Needs `@bufbuild/protobuf` (version 2), which every Connect transport brings along.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
  const { transport, maxTransactions = 50, maxMessageBytes = 4_000_000, errorCodes } = options;
  const { headers, authorization, keysAsMetadata = true } = options;
  checkOptions(options);

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
  const {
    transport,
    headers,
    authorization,
    errorCodes,
    maxTransactions = 1,
    maxMessageBytes = 1,
    keysAsMetadata = true,
    ...others
  } = options;
  const { wrong, count, noOthers } = optionChecks('writeService');
  noOthers('', others);
  if (typeof transport?.unary !== 'function')
    wrong('transport', 'a transport of @connectrpc/connect', transport);
  checkHeaderOptions('writeService', { headers, authorization });
  checkErrorCodes('writeService', errorCodes);
  count('maxTransactions', maxTransactions);
  count('maxMessageBytes', maxMessageBytes);
  if (typeof keysAsMetadata !== 'boolean') wrong('keysAsMetadata', 'true or false', keysAsMetadata);
}

/** gRPC metadata is often limited to 8 KiB in all, and a token may take half of it. */
const MAX_KEYS_LENGTH = 4_000;

/** One value for each transaction. Left out where a key isn't plain, or all are long: the messages have them. */
function keyMetadata(packed: readonly Transaction[]): Record<string, string> {
  const keys = packed.map(({ idempotencyKey }) => idempotencyKey);
  const value = keys.join(', ');
  const isPlain = keys.every((key) => /^[!-+\--~]+$/.test(key)); // visible ASCII without the comma
  return isPlain && value.length <= MAX_KEYS_LENGTH ? { 'idempotency-key': value } : {};
}

/** gRPC has room for eight digits. */
const MAX_TIMEOUT_MS = 99_999_999;

async function call(
  transport: ConnectTransport,
  transactions: readonly Transaction[],
  metadata: Headers,
  { signal, timeLeftMs, serverTime }: TransportContext,
): Promise<ConnectResponse> {
  // At least 1: Connect takes 0 for no deadline at all.
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
    if (signal.aborted) throw new UploadError('aborted', 'The upload was aborted.');
    if (isConnectError(thrown)) tellTime(thrown.metadata);
    throw readFailure(thrown, transactions.length);
  }
}
