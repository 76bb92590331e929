import type { UploadError } from '../error/upload-error.ts';

const failures = new WeakMap<UploadError, boolean>();

/**
 * Marks an error as a failure to get a token: whatever its code, it says nothing about the write.
 *
 * @param nothingSent True if nothing was sent that the backend might still apply.
 */
export function tokenFailure(error: UploadError, nothingSent: boolean): UploadError {
  failures.set(error, nothingSent);
  return error;
}

export function isTokenFailure(error: UploadError): boolean {
  return failures.has(error);
}

/** Whether getting a token failed before anything was sent. */
export function nothingWasSent(error: UploadError): boolean {
  return failures.get(error) === true;
}
