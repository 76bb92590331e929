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

/** What PostgREST's codes mean beyond SQLSTATE. The first pattern that fits decides; for others, the HTTP status does. */
const CODES: readonly (readonly [RegExp, UploadErrorCode])[] = [
  [/^PGRST00[0-3]$/, 'unavailable'], // no connection to the database
  [/^PGRST20[245]$/, 'schema_mismatch'], // function, column or table isn't in the schema cache
  [/^PGRST30[1-3]$/, 'unauthenticated'],
  [/^(42P17|54...|P0...)$/, 'unclassified'], // endless policies, limits, PL/pgSQL: all are 500
  [/^42...$/, 'schema_mismatch'], // any other fault of the statement: the schema or the app is wrong, not the data
];

/** Reads an answer: undefined for a success. Throws an `UploadError` where it isn't PostgREST's. */
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
 * Only PostgREST's own errors have its codes, or those of Postgres; one with a code of the app's has all four members.
 * Others come from a gateway or proxy, and say nothing of the write.
 */
function isPostgrests(failed: Record<string, unknown>): failed is Record<string, unknown> & { code: string } {
  const { code } = failed;
  if (typeof code !== 'string' || code === '') return false;
  return /^(PGRST\w{3}|[0-9A-Z]{5})$/.test(code) || ('details' in failed && 'hint' in failed);
}

/** A failure as outcome. Throws what ends the call. */
export function failureOf(
  code: UploadErrorCode,
  message: string,
  status?: number,
  certain = true,
  details?: unknown,
): Failure {
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  const failure = failureAlone(new UploadError(code, message, { status, budget }));
  // Policies refuse everything once one of them is broken, so they are never believed without the breaker.
  return failure.status === 'rejected'
    ? { ...failure, details, inBand: certain && code !== 'forbidden' }
    : failure;
}

/** The meaning, and whether it is certain: about the data, or the app's own word, rather than about the deployment. */
function meaningOf(
  code: string,
  status: number,
  errorCodes: ErrorCodes = {},
): readonly [code: UploadErrorCode, certain: boolean] {
  // An anonymous caller gets 401 for a lack of rights too.
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

/** The client's message tells an abort from a broken connection; it isn't kept, since it may quote the url. */
function noAnswer(error: unknown, { signal }: TransportContext): UploadError {
  if (signal.aborted) return new UploadError('aborted', 'The upload was aborted.');
  const message = isObject(error) ? error.message : undefined;
  return typeof message === 'string' && /^(Abort|Timeout)Error/.test(message)
    ? new UploadError('timeout', 'The request timed out.')
    : new UploadError('network', 'The backend could not be reached.');
}
