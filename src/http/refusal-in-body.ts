import { wordOf } from '../contract/gateway.ts';
import { refusalOf, UNCLASSIFIED_BUDGET } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { codesIn, type ErrorCodes, inBrackets, meaningOf, ownCode } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { JsonAnswer } from './json-answer.ts';

/** A refusal in the body of a 2xx. */
export interface Refusal {
  readonly error: UploadError;
  /** False if it is a status in the body, which counts as the status of the request. */
  readonly inBand: boolean;
}

/** The refusal in a 2xx; undefined if there is none. If the body is a row, its `status` and `code` are columns. */
export function readRefusal(answer: JsonAnswer, errorCodes: ErrorCodes, isRow = false): Refusal | undefined {
  const { json } = answer;
  const status = statusIn(json, isRow);
  const error = errorBy(json, errorCodes);
  if (status === undefined && !isRefused(json, isRow) && (isRow || !error)) return undefined;
  if (error || status === undefined) return { error: error ?? unclassified(json), inBand: true };
  return { error: refusalOf({ ...answer, status }), inBand: false };
}

/** The failing HTTP status in a body, which counts instead of the answer's own. */
export function statusIn(json: unknown, isRow = false): number | undefined {
  const { statusCode, status, code } = isObject(json) ? json : {};
  const told = (isRow ? [statusCode] : [statusCode, status, code]).find((each) =>
    /^[4-9]\d\d$/.test(String(each)),
  );
  return told === undefined ? undefined : Number(told);
}

function isRefused(json: unknown, isRow: boolean): boolean {
  if (!isObject(json)) return json === false;
  const { success, ok, status, error, errors, errorMessage, error_code, errorCode } = json;
  return (
    [success, ok].some((each) => [false, 0, 'false', '0'].includes(each as never)) ||
    [error, errors, errorMessage].some(isSomething) ||
    (!isRow && (status === false || /^((\w+_)?error|fail(ed|ure)?)$/i.test(wordOf(status)))) ||
    (!isRow &&
      [error_code, errorCode].some((each) => /^(?!(ok|none|success|no_?error)$)[a-z]/i.test(wordOf(each))))
  );
}

/** Whether a value holds an error: anything but false, 0, null, an empty text, or a list or object of these. */
export function isSomething(said: unknown): boolean {
  return typeof said === 'object' && said !== null ? Object.values(said).some(isSomething) : Boolean(said);
}

/** The error for the first known code in a body. */
export function errorBy(said: unknown, errorCodes: ErrorCodes): UploadError | undefined {
  for (const word of codesIn(said)) {
    const code = ownCode(errorCodes, word) ?? meaningOf(word);
    if (!code) continue;
    const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
    return new UploadError(code, `The backend refused it in its answer${inBrackets(word)}.`, { budget });
  }
  return undefined;
}

/** The error without a known code. It may be an outage, because these contracts have no way to say "try again". */
export function unclassified(said?: unknown): UploadError {
  const word = codesIn(said, false).find((each) => inBrackets(each));
  return new UploadError('unclassified', `The backend refused it in its answer${inBrackets(word)}.`, {
    budget: UNCLASSIFIED_BUDGET,
  });
}
