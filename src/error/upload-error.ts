import { isUploadErrorCode, type UploadErrorCode } from './codes.ts';
import { codeFromHttpStatus } from './http-status.ts';
import { isNetworkFailure } from './network-failure.ts';
import { isOwnUploadError, OWN } from './own-error.ts';
import { isError, presentable, shownName } from './presentable-cause.ts';
import { parseRetryAfter } from './retry-after.ts';
import { trpcStatus } from './trpc-status.ts';

/** How every message begins. */
const CODE = /^\[(\w+)\] /;

/** How often and how long a write with an ambiguous answer is tried before it is rejected. Both must be reached. */
export interface RetryBudget {
  /** Number of attempts, a whole number from 1. */
  readonly attempts: number;
  /** Milliseconds since the first try. */
  readonly minMs: number;
}

/** The budget of a refusal that may be an outage: it is tried this often and this long before the write is rejected. */
export const UNCLASSIFIED_BUDGET: RetryBudget = { attempts: 10, minMs: 600_000 };

/** Options of {@link UploadError}. */
export interface UploadErrorOptions {
  /** HTTP status of the answer, if there was one. */
  readonly status?: number | undefined;
  /** Milliseconds that the backend asked to wait. Nothing is sent for at least that long, an hour at most. */
  readonly retryAfterMs?: number | undefined;
  /**
   * For code `unclassified`: how often and how long the write is tried before it is rejected. Without a budget it is
   * retried for ever, unless the option `retry.ambiguous` sets one.
   */
  readonly budget?: RetryBudget | undefined;
  /**
   * The error that caused this one. A value that isn't an `Error` is dropped, because the sync status may be
   * serialised. The message is kept for errors of this library. Of errors of SQLite and of connections the known words
   * are kept, or the error code. Of any other error only the name and the places in the stack are kept: its message may
   * hold row data.
   */
  readonly cause?: unknown;
}

/**
 * The error of the whole upload path. Throw it in a transport or a transform to say what went wrong.
 *
 * Its message starts with `[code]`, because only `name`, `message` and `stack` of an error survive PowerSync's shared
 * worker. {@link UploadError.from} reads the code back on the other side. `structuredClone()` and `postMessage()` also
 * drop the `name`: send `{ name, message }` instead. Errors that the library makes hold no row
 * data, token or response body.
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
  /** What went wrong. */
  readonly code: UploadErrorCode;
  // `declare`, so that a printed error doesn't show members that aren't set.
  /** HTTP status of the answer, if there was one. */
  declare readonly status?: number;
  /** Milliseconds that the backend asked to wait. */
  declare readonly retryAfterMs?: number;
  /** For code `unclassified`: how often and how long the write is tried before it is rejected. */
  declare readonly budget?: RetryBudget;
  /** The error that caused this one, without row data. */
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

  /**
   * The message without the leading `[code]`, to show to people. Messages of this library are in English. To use your
   * own words, choose a text by `code`.
   */
  get detail(): string {
    return this.message.replace(CODE, '');
  }

  /**
   * Makes an upload error from an HTTP answer outside 2xx: the code comes from its status, the wait from its
   * `Retry-After` header. For your own transports. The body isn't read.
   */
  static fromResponse(response: HttpAnswerHead): UploadError {
    return answeredWith(response);
  }

  /**
   * Makes an upload error from anything that was thrown. Never throws.
   *
   * - An upload error keeps its code, even if it crossed a worker and lost its class.
   * - A failed connection becomes `network`, even if another error wraps it.
   * - An abort becomes `aborted`, a time-out `timeout`.
   * - An error of a tRPC procedure is read by its HTTP status.
   * - Anything else becomes `unknown`, which is retried: a bug must not delete data.
   */
  static from(value: unknown): UploadError {
    return fromThrown(value);
  }
}

Object.defineProperty(UploadError.prototype, OWN, { value: 'UploadError' });

// Outside the class, because a bundler renames a class that names itself, and consoles would print `_UploadError`.
function answeredWith({ status, headers }: HttpAnswerHead): UploadError {
  return new UploadError(codeFromHttpStatus(status), `The backend answered with HTTP status ${status}.`, {
    status,
    retryAfterMs: parseRetryAfter(headers.get('retry-after'), headers.get('date')),
  });
}

/** The members of a `fetch` Response that its error code is read from. */
export interface HttpAnswerHead {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
}

/**
 * Whether a value is an {@link UploadError}, or was one before it crossed a worker. After a worker, `code` is only in
 * the message: read it with {@link UploadError.from}. False for an error of the same name whose message doesn't begin
 * with a known `[code]`.
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
  return codeOf(value) !== undefined;
}

/** The failure that `classify` gives a verdict on: a failed request, or a transaction that the backend rejected. */
export interface UploadFailure {
  /** Code of `error`. */
  readonly code: UploadErrorCode;
  /** HTTP status of the answer, if there was one. */
  readonly status?: number | undefined;
  readonly error: UploadError;
  /** The backend's own words about this transaction, if there are any. May hold row data. */
  readonly details?: unknown;
  /** True if the backend rejected one transaction in the form of its contract; false if a whole request failed. */
  readonly inBand: boolean;
}

function fromThrown(value: unknown): UploadError {
  try {
    if (value instanceof UploadError) return value;
    const code = codeOf(value);
    if (code) {
      const { message, cause } = value as Error;
      // What crossed a worker has no more than this; a class of an app may have anything.
      return new UploadError(
        code,
        message.replace(CODE, ''),
        isOwnUploadError(value) ? (value as UploadError) : { cause },
      );
    }
    if (named(value, 'AbortError') || named(value, 'CanceledError'))
      return new UploadError('aborted', 'The upload was aborted.', { cause: value });
    // Before the network check: axios also uses these codes for a broken connection.
    if (
      named(value, 'TimeoutError') ||
      (named(value, 'AxiosError') &&
        /^(ECONNABORTED|ETIMEDOUT)$/.test(`${(value as { code?: unknown }).code}`))
    )
      return new UploadError('timeout', 'The request timed out.', { cause: value });
    const status = named(value, 'TRPCClientError') ? trpcStatus(value) : undefined;
    if (status !== undefined) return saidByTrpc(status, value as Error);
    if (isNetworkFailure(value)) {
      // A `NetworkError` of ky has the platform's own error as its cause.
      const cause = named(value, 'NetworkError') ? (value.cause ?? value) : value;
      return new UploadError('network', 'The backend could not be reached.', { cause });
    }
    const what = isError(value)
      ? `Unexpected ${shownName(value)} (see cause)`
      : `Expected an error, thrown or in an outcome, but got ${value === null ? value : typeof value}`;
    return new UploadError('unknown', `${what}. The writes stay queued.`, { cause: value });
  } catch {
    return new UploadError('unknown', 'A thrown value could not be read. The writes stay queued.');
  }
}

/**
 * The code of an upload error; undefined for anything else. If another copy of the package made it, its class has the
 * mark. If it crossed a worker, only its name and message are left. An app may have a class of that name, too, so the
 * message must begin with a code, and must not contradict `code`.
 */
function codeOf(value: unknown): UploadErrorCode | undefined {
  const { name, message, code } = Object(value) as Partial<UploadError>;
  const said = isOwnUploadError(value)
    ? code
    : name === 'UploadError' && typeof message === 'string' && CODE.exec(message)?.[1];
  return isUploadErrorCode(said) && (code ?? said) === said ? said : undefined;
}

/** A 404 is ambiguous: the row or the procedure may be missing. Every other status is about this call. */
function saidByTrpc(status: number, cause: Error): UploadError {
  return new UploadError(
    status === 404 ? 'unclassified' : codeFromHttpStatus(status),
    `The tRPC procedure answered with status ${status}.`,
    { status, cause, budget: status === 404 ? UNCLASSIFIED_BUDGET : undefined },
  );
}

// By `name`, not by class: duplicate packages and workers break `instanceof`, and minifiers rewrite class names.
function named(value: unknown, name: string): value is Error {
  return typeof value === 'object' && (value as Error | null)?.name === name;
}
