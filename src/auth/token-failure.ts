import type { UploadError } from '../outcome/upload-error.ts';

const failures = new WeakSet<UploadError>();

/** Marks an error as one of getting a token: it says nothing of the write, whatever its code. */
export function tokenFailure(error: UploadError): UploadError {
  failures.add(error);
  return error;
}

export function isTokenFailure(error: UploadError): boolean {
  return failures.has(error);
}
