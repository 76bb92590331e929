import { defaultVerdict, type UploadErrorCode } from '../error/codes.ts';
import { MAX_RETRY_AFTER_MS } from '../error/retry-after.ts';
import { codeFromSqlState } from '../error/sqlstate.ts';
import { UploadError } from '../error/upload-error.ts';
import type { Outcome } from '../transport/outcome.ts';
import { type HttpAnswer, isSuccess, notTheContract, refusalOf, UNCLASSIFIED_BUDGET } from './http-answer.ts';
import { isObject, parseJson } from './json.ts';

/**
 * Maps the backend's own error codes to error codes of the connector: codes of your app, or another meaning for a code
 * that the transport knows.
 *
 * @example
 * ```ts
 * import type { ErrorCodes } from 'powersync-backend-connector';
 *
 * export const errorCodes: ErrorCodes = { CLIENT_TOO_OLD: 'update_required', QUOTA_EXCEEDED: 'throttled' };
 * ```
 */
export type ErrorCodes = Readonly<Record<string, UploadErrorCode>>;

/** `error_code` values of the reference write API. */
const ERROR_CODES: ErrorCodes = {
  NOT_NULL_VIOLATION: 'invalid',
  CHECK_VIOLATION: 'invalid',
  CONSTRAINT_VIOLATION: 'invalid',
  INVALID_DATA: 'invalid',
  DOCUMENT_VALIDATION_FAILURE: 'invalid',
  UNIQUE_VIOLATION: 'conflict',
  FOREIGN_KEY_VIOLATION: 'conflict',
  UNAUTHORIZED: 'forbidden',
  SCHEMA_MISMATCH: 'schema_mismatch',
  UNCLASSIFIED_ERROR: 'unclassified',
};

// The reference backend answers UNCLASSIFIED_ERROR to some database outages (see its MySQL adapter), hence a budget.
export { UNCLASSIFIED_BUDGET };

/** PostgreSQL's messages for SQLSTATE 42501, which the reference backend reports as SCHEMA_MISMATCH. */
const PERMISSION_DENIED = /^(permission denied for|new row violates row-level security)/;

/**
 * Reads the answer to a request of `count` transactions. Throws an `UploadError` if it has no result for each of
 * them.
 */
export function readResults(answer: HttpAnswer, count: number, errorCodes?: ErrorCodes): Outcome[] {
  const body = parseJson(answer.text);
  if (!isSuccess(answer)) throw refusalByCode(answer, body, errorCodes) ?? refusalOf(answer);
  return readResultList(isObject(body) ? body.results : undefined, count, answer.status, errorCodes);
}

/** Reads a list of results, wherever it was in the answer. */
export function readResultList(
  results: unknown,
  count: number,
  status?: number,
  errorCodes: ErrorCodes = {},
): Outcome[] {
  if (!Array.isArray(results)) throw notTheContract(status, 'without a list of results');
  if (results.length !== count)
    throw notTheContract(status, `with ${results.length} results for ${count} transactions`);
  return results.map((result) => {
    const outcome = isObject(result) ? readResult(result, errorCodes) : undefined;
    if (!outcome) throw notTheContract(status, 'with a malformed result');
    return outcome;
  });
}

function readResult(result: Record<string, unknown>, errorCodes: ErrorCodes): Outcome | undefined {
  switch (result.status) {
    case 'success':
      return { status: 'applied' };
    case 'not_attempted':
      return { status: 'not_attempted' };
    case 'retryable_error': {
      const wait = result.retry_after_ms;
      const retryAfterMs =
        typeof wait === 'number' && wait >= 0 ? Math.min(wait, MAX_RETRY_AFTER_MS) : undefined;
      return {
        status: 'retry',
        error: new UploadError('unavailable', 'The backend asked to try again. The writes stay queued.', {
          retryAfterMs,
        }),
      };
    }
    case 'fatal_error':
      return readFatal(result, errorCodes);
    default:
      return undefined;
  }
}

function readFatal(
  { requires_client_handling: needsDecision, failed_operation: failed, message }: Record<string, unknown>,
  errorCodes: ErrorCodes,
): Outcome | undefined {
  if (typeof needsDecision !== 'boolean' || !isObject(failed) || typeof failed.error_code !== 'string')
    return undefined;
  const { error_code: errorCode, operation_index: index } = failed;
  const own = ownCode(errorCodes, errorCode);
  // An unknown code is one of the app, and final: for temporary failures this contract has `retryable_error`.
  let code = own ?? meaningOf(errorCode) ?? 'invalid';
  if (!own && code === 'schema_mismatch' && isPermissionDenied(failed.message ?? message)) code = 'forbidden';
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  return {
    status: 'rejected',
    error: new UploadError(code, `The backend refused the transaction${inBrackets(errorCode)}.`, { budget }),
    entryIndex: typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : undefined,
    details: failed.message === undefined && message !== undefined ? { ...failed, message } : failed,
    needsDecision,
  };
}

/**
 * Reads a refusal outside 2xx by the code in its body (`code` or `error_code`, also in `error`), if `errorCodes` has
 * it, or if it is the SQLSTATE of an outage: then the write must not be rejected because of the status.
 */
export function refusalByCode(
  { status, headers }: HttpAnswer,
  body: unknown,
  errorCodes: ErrorCodes = {},
): UploadError | undefined {
  const meaning = (word: unknown): UploadErrorCode | undefined => {
    const code = meaningOf(word);
    return ownCode(errorCodes, word) ?? (code && defaultVerdict(code) === 'retry' ? code : undefined);
  };
  const words = codesIn(body).find(meaning);
  const own = meaning(words);
  if (!own) return undefined;
  const { retryAfterMs } = UploadError.fromResponse({ status, headers });
  const budget = own === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  return new UploadError(own, `The backend refused it${inBrackets(words)}.`, {
    status,
    retryAfterMs,
    budget,
  });
}

/**
 * Values in a JSON body that may be an error code, the most specific first. Texts instead of an error object are
 * last.
 */
export function codesIn(body: unknown, withTexts = true): readonly unknown[] {
  const { error, errors } = isObject(body) ? body : {};
  const first: unknown = Array.isArray(errors) ? errors[0] : errors;
  const ofEach = [first, error, body].flatMap((each) =>
    isObject(each) ? [each.code, each.error_code, each.errorCode] : [],
  );
  return withTexts ? [...ofEach, first, error] : ofEach;
}

/** Meaning of a common code: one of the contract, or a SQLSTATE. */
export function meaningOf(word: unknown): UploadErrorCode | undefined {
  const known = ownCode(ERROR_CODES, word);
  if (known || typeof word !== 'string' || !/^[0-9A-Z]{5}$/.test(word)) return known;
  const bySqlState = codeFromSqlState(word);
  return bySqlState === 'unknown' ? undefined : bySqlState;
}

/** Looks up a code by its name, without inherited names. */
export function ownCode(codes: ErrorCodes, name: unknown): UploadErrorCode | undefined {
  return typeof name === 'string' && Object.hasOwn(codes, name) ? codes[name] : undefined;
}

/** The backend's code in brackets, for messages. Only if it is a plain word, so that no row data gets into them. */
export function inBrackets(code: unknown): string {
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? ` (${code})` : '';
}

function isPermissionDenied(message: unknown): boolean {
  return typeof message === 'string' && PERMISSION_DENIED.test(message);
}
