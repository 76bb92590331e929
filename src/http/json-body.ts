import { UploadError } from '../error/upload-error.ts';
import { carriesKind } from '../transport/sendable.ts';

/**
 * Encodes a value that a function of the app returned. Throws if JSON would change it: a promise, a map or bytes inside
 * would be sent as `{}`, and the write would count as applied.
 */
export function jsonBody(value: unknown, what: string): string {
  let text: unknown;
  try {
    if (carriesKind(value)) text = JSON.stringify(value, noPromise);
  } catch {
    // A BigInt, a cycle or a promise. The cause is dropped, because it may quote the row.
  }
  if (typeof text === 'string') return text;
  throw new UploadError(
    'misconfigured',
    `${what} must be a value for JSON, without promises, maps or bytes in it. Nothing was sent. The writes stay queued.`,
  );
}

function noPromise(_: string, value: unknown): unknown {
  if (typeof (value as { then?: unknown } | null)?.then === 'function') throw new TypeError();
  return value;
}
