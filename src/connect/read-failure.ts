import { notTheContract, refusalOf } from '../contract/http-answer.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { codeFromGrpcCode } from '../error/grpc-code.ts';
import { parseRetryAfter } from '../error/retry-after.ts';
import { UploadError } from '../error/upload-error.ts';
import { readRetryInfo } from './retry-info.ts';

/** The members of a `ConnectError` that are read. */
export interface ConnectErrorLike extends Error {
  /** One of the 16 gRPC codes. */
  readonly code: number;
  /** Headers and trailers of the answer, if there was one. */
  readonly metadata: { get(name: string): string | null };
  /** The message without the code. It may hold words of the backend, so it is looked at, and never quoted. */
  readonly rawMessage: string;
  readonly isWireError?: boolean;
  readonly details?: readonly { readonly type?: string; readonly value?: unknown }[];
}

/** By name, not by class: an app may have two versions of `@connectrpc/connect`. */
export function isConnectError(value: unknown): value is ConnectErrorLike {
  if (!(value instanceof Error) || value.name !== 'ConnectError') return false;
  const { code, metadata, rawMessage } = value as Partial<ConnectErrorLike>;
  return typeof code === 'number' && typeof rawMessage === 'string' && typeof metadata?.get === 'function';
}

/**
 * What a failed call means.
 *
 * Connect gives a code to everything, also to what no backend said: PERMISSION_DENIED is a firewall's 403 too, ABORTED a
 * connection that broke, INVALID_ARGUMENT an answer that it can't parse. Only what the backend itself said, with a gRPC
 * status or an error in JSON, may reject a write.
 *
 * @param count How many transactions the call carried.
 */
export function readFailure(thrown: unknown, count: number): UploadError {
  if (!isConnectError(thrown)) return UploadError.from(thrown);
  const { rawMessage, metadata } = thrown;
  const httpStatus = /^HTTP (\d{3})$/.exec(rawMessage)?.[1];
  const isGrpc = metadata.get('grpc-status') !== null;
  if (httpStatus && !isGrpc) return refusalOf({ status: Number(httpStatus), headers: metadata, text: '' });
  return isGrpc || isConnectJson(thrown) ? saidByBackend(thrown) : foundByClient(thrown, count);
}

/** Whether it is an error in JSON, as the Connect protocol has it. Connect marks those, since its version 2.2. */
function isConnectJson({ isWireError, metadata }: ConnectErrorLike): boolean {
  return isWireError ?? /\bjson\b/.test(metadata.get('content-type') ?? '');
}

/** Codes that mean something else of a whole call that a backend answered. */
const OF_AN_ANSWER: Readonly<Record<number, UploadErrorCode>> = {
  1: 'unavailable', // CANCELLED, but not by this side
  5: 'misconfigured', // NOT_FOUND: rows are spoken of in results, so it is the service, or what it belongs to
  14: 'unavailable', // UNAVAILABLE: it was reached
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

/** Codes that Connect gives to failures of its own, where they tell something; all others say that the answer is none. */
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
  // A failed `fetch`, or an UploadError that an interceptor threw.
  const inner = UploadError.from(cause);
  if (inner.code !== 'unknown') return inner;
  if (isAboutSize(error)) {
    return new UploadError(
      count > 1 ? 'too_large' : 'misconfigured', // A limit of the app's own rejects nothing.
      'A message is larger than the Connect transport takes (writeMaxBytes, readMaxBytes).',
    );
  }
  // Node's own errors have a code, such as ECONNREFUSED or CERT_HAS_EXPIRED.
  const isNodes = cause instanceof Error && typeof (cause as { code?: unknown }).code === 'string';
  const meaning = isNodes ? 'network' : OF_THE_CLIENT[code];
  if (!meaning) return notTheContract(undefined, `none of WriteService (${nameOf(error)})`);
  return new UploadError(meaning, `No answer of the backend (${nameOf(error)}). The writes stay queued.`, {
    cause: isNodes ? cause : undefined,
  });
}

/**
 * Whether it is a message that was too large. There is no code for it; these are the words of grpc-js, grpc-go, gRPC for
 * Java, C++, Python and .NET, tonic, Connect for Go and for JavaScript.
 */
function isAboutSize({ code, rawMessage }: ConnectErrorLike): boolean {
  const words = rawMessage.slice(0, 1_000);
  // RESOURCE_EXHAUSTED; OUT_OF_RANGE of tonic
  return (
    (code === 8 || code === 11) && /\bmessage\b/i.test(words) && /larger than|exceeds|too large/i.test(words)
  );
}

/** Connect's own name of the code, which its messages begin with: `[permission_denied]`. */
function nameOf({ code, message }: ConnectErrorLike): string {
  return /^\[[a-z_]+\]/.exec(message)?.[0] ?? `[${code}]`;
}
