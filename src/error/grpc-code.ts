import type { UploadErrorCode } from './codes.ts';

// In the order of google.rpc.Code, from 0 (OK).
const CODES: readonly UploadErrorCode[] = [
  'unknown', // OK: not a failure
  'aborted', // CANCELLED
  'unknown', // UNKNOWN
  'invalid', // INVALID_ARGUMENT
  'timeout', // DEADLINE_EXCEEDED
  'not_found', // NOT_FOUND
  'conflict', // ALREADY_EXISTS
  'forbidden', // PERMISSION_DENIED
  'throttled', // RESOURCE_EXHAUSTED
  'conflict', // FAILED_PRECONDITION
  'conflict', // ABORTED
  'invalid', // OUT_OF_RANGE
  'misconfigured', // UNIMPLEMENTED
  'unavailable', // INTERNAL
  'network', // UNAVAILABLE
  'unknown', // DATA_LOSS
  'unauthenticated', // UNAUTHENTICATED
];

/**
 * Returns the error code for a numeric gRPC status code; `unknown`, which is retried, for any that isn't in
 * `google.rpc.Code`.
 */
export function codeFromGrpcCode(code: number): UploadErrorCode {
  return CODES[code] ?? 'unknown';
}
