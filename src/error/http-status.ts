import type { UploadErrorCode } from './codes.ts';

const CODES: Record<number, UploadErrorCode> = {
  0: 'network',
  400: 'invalid',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'misconfigured',
  405: 'misconfigured',
  408: 'timeout',
  409: 'conflict',
  410: 'misconfigured',
  412: 'conflict',
  413: 'too_large',
  415: 'invalid',
  422: 'invalid',
  425: 'throttled',
  426: 'update_required',
  429: 'throttled',
  501: 'misconfigured',
};

/**
 * Returns the error code for an HTTP status outside 2xx of a batch endpoint (RFC 9110, RFC 6585). 5xx is `unavailable`,
 * 3xx is `misconfigured`, and a status without a meaning of its own is `unknown`, which is retried.
 */
export function codeFromHttpStatus(status: number): UploadErrorCode {
  if (CODES[status]) return CODES[status];
  if (status >= 500) return 'unavailable';
  return status >= 300 && status < 400 ? 'misconfigured' : 'unknown';
}
