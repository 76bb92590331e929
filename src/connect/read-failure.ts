import { notTheContract, refusalOf } from '../contract/http-answer.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { codeFromGrpcCode } from '../error/grpc-code.ts';
import { parseRetryAfter } from '../error/retry-after.ts';
import { UploadError } from '../error/upload-error.ts';
import { readRetryInfo } from './retry-info.ts';

/** The members of a `ConnectError` that are used. */
export interface ConnectErrorLike extends Error {
  /** One of the 16 gRPC codes. */
  readonly code: number;
  /** Headers and trailers of the answer, if there was one. */
  readonly metadata: { get(name: string): string | null };
  /** The message without the code. It may hold the backend's words, so it is read but never quoted. */
  readonly rawMessage: string;
  readonly isWireError?: boolean;
  readonly details?: readonly { readonly type?: string; readonly value?: unknown }[];
}

/** Checks by name, not by class: an app may have two versions of `@connectrpc/connect`. */
export function isConnectError(value: unknown): value is ConnectErrorLike {
  if (!(value instanceof Error) || value.name !== 'ConnectError') return false;
  const { code, metadata, rawMessage } = value as Partial<ConnectErrorLike>;
  return typeof code === 'number' && typeof rawMessage === 'string' && typeof metadata?.get === 'function';
}

/**
 * Reads the error of a failed call.
 *
 * Connect gives a code to every failure, even if no backend answered: PERMISSION_DENIED may be the 403 of a firewall,
 * ABORTED a broken connection, INVALID_ARGUMENT an answer that can't be parsed. Only the backend's own answer, with a
 * gRPC status or an error in JSON, may reject a write.
 *
 * @param count Number of transactions in the call.
 */
export function readFailure(thrown: unknown, count: number): UploadError {
  if (!isConnectError(thrown)) return UploadError.from(thrown);
  const { rawMessage, metadata } = thrown;
  const httpStatus = /^HTTP (\d{3})$/.exec(rawMessage)?.[1];
  const isGrpc = metadata.get('grpc-status') !== null;
  if (httpStatus && !isGrpc) return refusalOf({ status: Number(httpStatus), headers: metadata, text: '' });
  return isGrpc || isConnectJson(thrown) ? saidByBackend(thrown) : foundByClient(thrown, count);
}

/** Whether it is a JSON error of the Connect protocol. Connect marks these since version 2.2. */
function isConnectJson({ isWireError, metadata }: ConnectErrorLike): boolean {
  return isWireError ?? /\bjson\b/.test(metadata.get('content-type') ?? '');
}

/** Codes with another meaning if the backend answered them to a whole call. */
const OF_AN_ANSWER: Readonly<Record<number, UploadErrorCode>> = {
  1: 'unavailable', // CANCELLED, but not by the client
  5: 'misconfigured', // NOT_FOUND: missing rows are reported in results, so the service is missing
  14: 'unavailable', // UNAVAILABLE, but the backend was reached
};

function saidByBackend(error: ConnectErrorLike): UploadError {
  const { code, metadata } = error;
  const retryAfterMs =
    readRetryInfo(error.details) ?? parseRetryAfter(metadata.get('retry-after'), metadata.get('date'));
  const meaning = isAboutSize(error) ? 'too_large' : (OF_AN_ANSWER[code] ?? codeFromGrpcCode(code));
  return new UploadError(meaning, `The backend answered with gRPC status ${nameOf(error)}.`, {
    retryAfterMs,
  });
}

/** Codes that Connect itself gives to failed calls. Any other code means an answer that isn't WriteService's. */
const OF_THE_CLIENT: Readonly<Record<number, UploadErrorCode>> = {
  1: 'network', // CANCELLED: the stream was reset
  4: 'timeout',
  8: 'throttled', // HTTP/2 ENHANCE_YOUR_CALM
  10: 'network', // ABORTED: the connection broke
  14: 'network',
  16: 'unauthenticated',
};

function foundByClient(error: ConnectErrorLike, count: number): UploadError {
  const { code, cause } = error;
  // A failed `fetch`, or an UploadError thrown by an interceptor.
  const inner = UploadError.from(cause);
  if (inner.code !== 'unknown') return inner;
  if (isAboutSize(error)) {
    return new UploadError(
      count > 1 ? 'too_large' : 'misconfigured', // The app's own limit must not reject a write.
      'A message is larger than the limit of the Connect transport (writeMaxBytes, readMaxBytes).',
    );
  }
  // Node's own errors have a code, such as ECONNREFUSED or CERT_HAS_EXPIRED.
  const isNodes = cause instanceof Error && typeof (cause as { code?: unknown }).code === 'string';
  const meaning = isNodes ? 'network' : OF_THE_CLIENT[code];
  if (!meaning) return notTheContract(undefined, `none of WriteService (${nameOf(error)})`);
  return new UploadError(meaning, `The backend did not answer (${nameOf(error)}). The writes stay queued.`, {
    cause: isNodes ? cause : undefined,
  });
}

/**
 * Whether a message was too large. There is no code for this, so the text is matched: grpc-js, grpc-go, gRPC for Java,
 * C++, Python and .NET, tonic, Connect for Go and JavaScript.
 */
function isAboutSize({ code, rawMessage }: ConnectErrorLike): boolean {
  const words = rawMessage.slice(0, 1_000);
  // RESOURCE_EXHAUSTED; OUT_OF_RANGE of tonic
  return (
    (code === 8 || code === 11) && /\bmessage\b/i.test(words) && /larger than|exceeds|too large/i.test(words)
  );
}

/** Connect's name for the code, which its messages begin with: `[permission_denied]`. */
function nameOf({ code, message }: ConnectErrorLike): string {
  return /^\[[a-z_]+\]/.exec(message)?.[0] ?? `[${code}]`;
}
