import { UploadError } from '../error/upload-error.ts';
import { carriesKind } from '../transport/sendable.ts';

/**
 * The JSON text of what a function of the app returned. Throws where it would be another value: a promise within would be
 * sent as `{}`, and so would a map or bytes, and count as applied.
 */
export function jsonBody(value: unknown, what: string): string {
  let text: unknown;
  try {
    if (carriesKind(value)) text = JSON.stringify(value, noPromise);
  } catch {
    // A BigInt, a circle, or a promise. Without a cause, which may quote the row.
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
