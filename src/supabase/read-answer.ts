import { type Failure, failureAlone } from '../combine/failure-alone.ts';
import { notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { type ErrorCodes, inBrackets, ownCode, UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import type { UploadErrorCode } from '../error/codes.ts';
import { codeFromHttpStatus } from '../error/http-status.ts';
import { codeFromSqlState } from '../error/sqlstate.ts';
import { UploadError } from '../error/upload-error.ts';
import type { TransportContext } from '../transport/transport.ts';
import type { PostgrestResult } from './client.ts';

/**
 * PostgREST's codes beyond SQLSTATE. The first pattern that matches counts; other codes are read by the HTTP status.
 */
const CODES: readonly (readonly [RegExp, UploadErrorCode])[] = [
  [/^PGRST00[0-3]$/, 'unavailable'], // no connection to the database
  [/^PGRST20[245]$/, 'schema_mismatch'], // function, column or table isn't in the schema cache
  [/^PGRST30[1-3]$/, 'unauthenticated'],
  [/^(42P17|54...|P0...)$/, 'unclassified'], // endless policies, limits, PL/pgSQL: all have status 500
  [/^42...$/, 'schema_mismatch'], // any other error in the statement: the schema or the app is wrong, not the data
];

/** Reads an answer. Returns undefined for a success. Throws an `UploadError` if it isn't PostgREST's. */
export function failureIn(
  { status, error }: PostgrestResult,
  context: TransportContext,
  errorCodes?: ErrorCodes,
): Failure | undefined {
  if (status === 0) throw noAnswer(error, context);
  if (status >= 200 && status < 300) {
    if (error) throw notTheContract(status, 'not JSON');
    return undefined;
  }
  const failed: Record<string, unknown> = isObject(error) ? error : {};
  if (!isPostgrests(failed)) throw refusalOf({ status, headers: { get: () => null }, text: '' });
  const [code, certain] = meaningOf(failed.code, status, errorCodes);
  const { message, details, hint } = failed;
  const said = { code: failed.code, message, details, hint };
  const what = `The backend refused the write${inBrackets(failed.code)}.`;
  return failureOf(code, what, status, certain, said);
}

/**
 * Whether an error is PostgREST's own: it has a code of PostgREST or Postgres, or it has a code of the app and all four
 * members. Other errors come from a gateway or proxy, and say nothing about the write.
 */
function isPostgrests(failed: Record<string, unknown>): failed is Record<string, unknown> & { code: string } {
  const { code } = failed;
  if (typeof code !== 'string' || code === '') return false;
  return /^(PGRST\w{3}|[0-9A-Z]{5})$/.test(code) || ('details' in failed && 'hint' in failed);
}

/** Makes the outcome of a failure. Throws errors that end the whole call. */
export function failureOf(
  code: UploadErrorCode,
  message: string,
  status?: number,
  certain = true,
  details?: unknown,
): Failure {
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  const failure = failureAlone(new UploadError(code, message, { status, budget }));
  // A broken policy refuses everything. So `forbidden` is never certain, and the breaker counts it fully.
  return failure.status === 'rejected'
    ? { ...failure, details, inBand: certain && code !== 'forbidden' }
    : failure;
}

/** The error code, and whether it is certain: about the data or set by the app, and not about the deployment. */
function meaningOf(
  code: string,
  status: number,
  errorCodes: ErrorCodes = {},
): readonly [code: UploadErrorCode, certain: boolean] {
  // An anonymous caller also gets 401 for missing rights.
  if (status === 401) return ['unauthenticated', false];
  const own = ownCode(errorCodes, code);
  if (own) return [own, true];
  const raised = /^PT(\d{3})$/.exec(code); // RAISE SQLSTATE 'PT409' chooses the HTTP status
  if (raised) return [codeFromHttpStatus(Number(raised[1])), true];
  const bySqlState = code.length === 5 ? codeFromSqlState(code) : 'unknown';
  if (bySqlState !== 'unknown') return [bySqlState, true];
  const known = CODES.find(([pattern]) => pattern.test(code));
  return [known?.[1] ?? codeFromHttpStatus(status), false];
}

/**
 * The error for a request without an answer. The client's message shows whether it was a time-out or a broken
 * connection; it isn't kept, because it may quote the url.
 */
function noAnswer(error: unknown, { signal }: TransportContext): UploadError {
  if (signal.aborted) return new UploadError('aborted', 'The upload was aborted.');
  const message = isObject(error) ? error.message : undefined;
  return typeof message === 'string' && /^(Abort|Timeout)Error/.test(message)
    ? new UploadError('timeout', 'The request timed out.')
    : new UploadError('network', 'The backend could not be reached.');
}
