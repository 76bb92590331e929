import { isUploadErrorCode, type UploadErrorCode } from './codes.ts';
import { codeFromHttpStatus } from './http-status.ts';
import { isNetworkFailure } from './network-failure.ts';
import { presentable } from './presentable-cause.ts';
import { parseRetryAfter } from './retry-after.ts';
import { trpcStatus } from './trpc-status.ts';

/** How often and how long an ambiguous answer is retried before the write is rejected. Both must be reached. */
export interface RetryBudget {
  readonly tries: number;
  /** Milliseconds since the first try. */
  readonly minMs: number;
}

/** How long a refusal that may be an outage is tried before it is believed. */
export const UNCLASSIFIED_BUDGET: RetryBudget = { tries: 10, minMs: 600_000 };

export interface UploadErrorOptions {
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** Milliseconds the backend asked to wait; it shuts the gate for at least that long, but an hour at most. */
  readonly retryAfterMs?: number | undefined;
  /** For code `unclassified`: when to give up. Without it such a write is retried for ever. */
  readonly budget?: RetryBudget | undefined;
  /**
   * The error behind this one. Anything but an `Error` is dropped: sync status may be serialised. Of one that isn't the
   * library's or that of a connection, name and stack are kept, but not the message, which may hold row data.
   */
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
    const { status, retryAfterMs, budget } = options;
    const cause = presentable(options.cause);
    super(`[${code}] ${message}`, cause && { cause });
    this.code = code;
    if (status !== undefined) this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
    if (budget !== undefined) this.budget = budget;
  }

  /** The message without its `[code]`, to show to people. */
  get detail(): string {
    return this.message.slice(this.code.length + 3);
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
   * `network`, also behind another error, and an abort `aborted`. An error of tRPC is read by the status its server gave.
   * All else is `unknown`, which is retried: a bug must not delete data.
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

/** What `classify` gets to judge: a failed request, or a transaction that the backend rejected. */
export interface UploadFailure {
  readonly code: UploadErrorCode;
  /** HTTP status, where there was one. */
  readonly status?: number | undefined;
  readonly error: UploadError;
  /** The backend's own words, if it said anything of one transaction. May hold row data. */
  readonly details?: unknown;
  /** True when the backend rejected one transaction in its contract's form, false when a whole request failed. */
  readonly inBand: boolean;
}

function fromThrown(value: unknown): UploadError {
  if (value instanceof UploadError) return value;
  if (isUploadError(value)) {
    const [, code, message] = /^\[(\w+)\] (.*)/s.exec(value.message) ?? [];
    if (message !== undefined)
      return new UploadError(isUploadErrorCode(code) ? code : 'unknown', message, value);
  }
  if (named(value, 'AbortError') || named(value, 'CanceledError'))
    return new UploadError('aborted', 'The upload was aborted.', { cause: value });
  if (named(value, 'TimeoutError'))
    return new UploadError('timeout', 'The request timed out.', { cause: value });
  if (named(value, 'TRPCClientError')) {
    const status = trpcStatus(value);
    if (status !== undefined) return saidByTrpc(status, value);
  }
  // That of axios, whose code is also that of a broken connection.
  if (
    named(value, 'AxiosError') &&
    /^(ECONNABORTED|ETIMEDOUT)$/.test(`${(value as { code?: unknown }).code}`)
  )
    return new UploadError('timeout', 'The request timed out.', { cause: value });
  // That of ky has the platform's own error behind it.
  if (isNetworkFailure(value))
    return unreachable(named(value, 'NetworkError') ? (value.cause ?? value) : value);
  const what =
    value instanceof Error
      ? `Unexpected ${/^[\w$.]{1,64}$/.test(value.name) ? value.name : 'Error'} (see cause)`
      : `A ${typeof value} was thrown`;
  return new UploadError('unknown', `${what}. The writes stay queued.`, { cause: value });
}

/** A 404 may be of a row, or of the procedure; what tRPC says in other words it says of this call. */
function saidByTrpc(status: number, cause: Error): UploadError {
  return new UploadError(
    status === 404 ? 'unclassified' : codeFromHttpStatus(status),
    `The tRPC procedure answered with status ${status}.`,
    { status, cause, budget: status === 404 ? UNCLASSIFIED_BUDGET : undefined },
  );
}

function unreachable(cause: unknown): UploadError {
  return new UploadError('network', 'The backend could not be reached.', { cause });
}

// By name, not by class: duplicates of a package and workers break `instanceof`, minifiers rewrite class names.
function named(value: unknown, name: string): value is Error {
  return typeof value === 'object' && (value as Error | null)?.name === name;
}
