import type { Outcome } from '../outcome/outcome.ts';
import { type RetryBudget, UploadError, type UploadErrorCode } from '../outcome/upload-error.ts';
import { MAX_RETRY_AFTER_MS } from '../retry/retry-after.ts';
import type { HttpAnswer } from './http-client.ts';
import { isObject, parseJson } from './json.ts';

/** Refusals that only count in the contract's form, a JSON object: a proxy or firewall answers them too. */
const NEED_JSON: readonly UploadErrorCode[] = ['invalid', 'forbidden', 'conflict'];

/** `error_code` values of the reference write API; any other is one of the application, and `invalid`. */
const ERROR_CODES = new Map<unknown, UploadErrorCode>([
  ['UNIQUE_VIOLATION', 'conflict'],
  ['FOREIGN_KEY_VIOLATION', 'conflict'],
  ['UNAUTHORIZED', 'forbidden'],
  ['SCHEMA_MISMATCH', 'schema_mismatch'],
  ['UNCLASSIFIED_ERROR', 'unclassified'],
]);

/** The reference backend answers UNCLASSIFIED_ERROR to some database outages: see its MySQL adapter. */
const UNCLASSIFIED_BUDGET: RetryBudget = { tries: 10, forMs: 600_000 };

/** PostgreSQL's words for SQLSTATE 42501, which the reference backend reports as SCHEMA_MISMATCH. */
const PERMISSION_DENIED = /^(permission denied for|new row violates row-level security)/;

/** Reads the answer to a request of `count` transactions. Throws an `UploadError` where it says nothing of them. */
export function readResults(answer: HttpAnswer, count: number): Outcome[] {
  const body = parseJson(answer.text);
  if (answer.status < 200 || answer.status > 299) {
    const error = UploadError.fromResponse(answer);
    throw NEED_JSON.includes(error.code) && !isObject(body) ? notTheContract(answer, 'not JSON') : error;
  }
  const results: unknown = isObject(body) ? body.results : undefined;
  if (!Array.isArray(results)) throw notTheContract(answer, 'without a list of results');
  if (results.length !== count)
    throw notTheContract(answer, `with ${results.length} results for ${count} transactions`);
  return results.map((result) => {
    const outcome = isObject(result) ? readResult(result) : undefined;
    if (!outcome) throw notTheContract(answer, 'with a malformed result');
    return outcome;
  });
}

function readResult(result: Record<string, unknown>): Outcome | undefined {
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
        error: new UploadError('unavailable', 'The backend asks to try again.', { retryAfterMs }),
      };
    }
    case 'fatal_error':
      return readFatal(result);
    default:
      return undefined;
  }
}

function readFatal({
  requires_client_handling: needsDecision,
  failed_operation: failed,
  message,
}: Record<string, unknown>): Outcome | undefined {
  if (typeof needsDecision !== 'boolean' || !isObject(failed) || typeof failed.error_code !== 'string')
    return undefined;
  const { error_code: errorCode, operation_index: index } = failed;
  let code = ERROR_CODES.get(errorCode) ?? 'invalid';
  if (code === 'schema_mismatch' && isPermissionDenied(failed.message ?? message)) code = 'forbidden';
  const named = /^\w{1,64}$/.test(errorCode) ? ` (${errorCode})` : '';
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  return {
    status: 'rejected',
    error: new UploadError(code, `The backend refused the transaction${named}.`, { budget }),
    entryIndex: typeof index === 'number' && Number.isInteger(index) && index >= 0 ? index : undefined,
    details: failed.message === undefined && message !== undefined ? { ...failed, message } : failed,
    needsDecision,
  };
}

function isPermissionDenied(message: unknown): boolean {
  return typeof message === 'string' && PERMISSION_DENIED.test(message);
}

function notTheContract({ status }: HttpAnswer, what: string): UploadError {
  return new UploadError(
    'misconfigured',
    `HTTP status ${status}, but the answer is ${what}, so it isn't the write API's: check the url and what stands ` +
      'between (proxy, captive portal). The writes stay queued.',
    { status },
  );
}
