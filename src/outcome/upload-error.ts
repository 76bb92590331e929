import { parseRetryAfter } from '../retry/retry-after.ts';
import { codeFromHttpStatus } from './http-status.ts';
import { isUploadErrorCode } from './verdict.ts';

/**
 * What went wrong, as one of a closed set. Each has a default {@link Verdict}; see the error table of the README.
 */
export type UploadErrorCode =
  | 'network'
  | 'timeout'
  | 'throttled'
  | 'unavailable'
  | 'unauthenticated'
  | 'owner_mismatch'
  | 'misconfigured'
  | 'schema_mismatch'
  | 'update_required'
  | 'aborted'
  | 'unknown'
  | 'unclassified'
  | 'invalid'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large';

/** How often and how long an ambiguous answer is retried before the write is rejected. Both must be reached. */
export interface RetryBudget {
  readonly tries: number;
  /** Milliseconds since the first try. */
  readonly forMs: number;
}

export interface UploadErrorOptions {
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** Milliseconds the backend asked to wait; it shuts the gate for at least that long. */
  readonly retryAfterMs?: number | undefined;
  /** For code `unclassified`: when to give up. Without it such a write is retried for ever. */
  readonly budget?: RetryBudget | undefined;
  /** The error behind this one. Anything but an `Error` is dropped: sync status may be serialised. */
  readonly cause?: unknown;
}

/**
 * The one error of the upload path.
 *
 * Its message starts with `[code]`, since only `name`, `message` and `stack` of an error survive PowerSync's shared
 * worker; {@link UploadError.from} reads it back on the other side. It holds no row data, token or response body.
 *
 * @example
 * ```ts
 * import { UploadError } from 'powersync-backend-connector';
 *
 * throw new UploadError('unavailable', 'The warehouse is closed', { retryAfterMs: 60_000 });
 * ```
 */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly code: UploadErrorCode;
  // Declared only, so that what isn't there isn't shown where errors are printed.
  declare readonly status?: number;
  declare readonly retryAfterMs?: number;
  declare readonly budget?: RetryBudget;
  declare readonly cause?: Error;

  constructor(code: UploadErrorCode, message: string, options: UploadErrorOptions = {}) {
    const { status, retryAfterMs, budget, cause } = options;
    super(`[${code}] ${message}`, cause instanceof Error ? { cause: withoutRequest(cause) } : undefined);
    this.code = code;
    if (status !== undefined) this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (budget !== undefined) this.budget = budget;
  }

  /**
   * The upload error that a refusing HTTP answer stands for: its status by the error table, and its `Retry-After`.
   * For transports of your own; the body isn't read.
   */
  static fromResponse(response: HttpAnswerHead): UploadError {
    const { status, headers } = response;
    return new UploadError(codeFromHttpStatus(status), `The backend answered with HTTP status ${status}.`, {
      status,
      retryAfterMs: parseRetryAfter(headers.get('retry-after'), headers.get('date')),
    });
  }

  /**
   * Makes an upload error of anything that was thrown; never throws itself.
   *
   * An upload error stays what it is, also one that crossed a worker and lost its class. A failed `fetch` becomes
   * `network`, an abort `aborted`. All else is `unknown`, which is retried: a bug must not delete data.
   */
  static from(value: unknown): UploadError {
    try {
      return fromThrown(value);
    } catch {
      return new UploadError('unknown', 'Something was thrown that cannot be read. The writes stay queued.');
    }
  }
}

/** The members of a fetch `Response` that tell its meaning. */
export interface HttpAnswerHead {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/**
 * Whether something is an {@link UploadError}, or was one before it crossed a worker (then `code` is only in the
 * message: read it with {@link UploadError.from}).
 *
 * @example
 * ```ts
 * import { isUploadError, UploadError } from 'powersync-backend-connector';
 *
 * function explain(uploadError: Error | undefined): string {
 *   return isUploadError(uploadError) ? UploadError.from(uploadError).code : 'not from the connector';
 * }
 * ```
 */
export function isUploadError(value: unknown): value is Error & Partial<UploadError> {
  return named(value, 'UploadError');
}

function fromThrown(value: unknown): UploadError {
  if (value instanceof UploadError) return value;
  if (isUploadError(value)) {
    const [, code, message] = /^\[(\w+)\] (.*)$/s.exec(value.message) ?? [];
    if (message !== undefined)
      return new UploadError(isUploadErrorCode(code) ? code : 'unknown', message, value);
  }
  if (named(value, 'AbortError'))
    return new UploadError('aborted', 'The upload was aborted.', { cause: value });
  if (named(value, 'TimeoutError'))
    return new UploadError('timeout', 'The request timed out.', { cause: value });
  // That of ky: the platform's own error is behind it.
  if (named(value, 'NetworkError')) return unreachable(value.cause ?? value);
  if (named(value, 'TypeError') && (NETWORK_FAILURE.test(value.message) || hasSystemCode(value)))
    return unreachable(value);
  // That of Expo is a plain Error.
  if (named(value, 'Error') && value.message.startsWith('fetch failed: ')) return unreachable(value);
  const what =
    value instanceof Error ? `Unexpected ${value.name} (see cause)` : `A ${typeof value} was thrown`;
  return new UploadError('unknown', `${what}. The writes stay queued.`, { cause: value });
}

function unreachable(cause: unknown): UploadError {
  return new UploadError('network', 'The backend could not be reached.', { cause });
}

/** What the `TypeError` of a failed `fetch` says in Chromium, Firefox, Safari, React Native, Node and Deno. */
const NETWORK_FAILURE =
  /^(fetch failed|failed to fetch|load failed|network ?error|network (request|connection)|terminated|error sending)/i;

/** That of Bun has the system's code instead: `ECONNREFUSED`, `ENOTFOUND`. Codes such as `ERR_INVALID_URL` are Node's. */
function hasSystemCode({ code }: Error & { readonly code?: unknown }): boolean {
  return typeof code === 'string' && /^E(?!RR_)[A-Z_]+$/.test(code);
}

/** Errors of ky and axios carry their request, and so the token: of a chain with one, only what is text is kept. */
function withoutRequest(cause: Error): Error {
  let each: unknown = cause;
  for (let depth = 0; each instanceof Error && depth < 10; depth++, each = each.cause) {
    if (!('request' in each || 'config' in each || 'response' in each)) continue;
    const { name, message, stack } = cause;
    return Object.assign(new Error(message), { name, stack });
  }
  return cause;
}

// By name, not by class: duplicates of a package and workers break `instanceof`, minifiers rewrite class names.
function named(value: unknown, name: string): value is Error {
  return typeof value === 'object' && (value as Error | null)?.name === name;
}
