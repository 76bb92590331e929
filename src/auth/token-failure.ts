import type { UploadError } from '../error/upload-error.ts';

const failures = new WeakMap<UploadError, boolean>();

/**
 * Marks an error as one of getting a token: it says nothing of the write, whatever its code.
 *
 * @param nothingSent Nothing is under way that might still be applied.
 */
export function tokenFailure(error: UploadError, nothingSent: boolean): UploadError {
  failures.set(error, nothingSent);
  return error;
}

export function isTokenFailure(error: UploadError): boolean {
  return failures.has(error);
}

/** Whether it failed before anything was sent. */
export function nothingWasSent(error: UploadError): boolean {
  return failures.get(error) === true;
}
