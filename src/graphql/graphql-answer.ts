import { type Failure, failureAlone } from '../combine/failure-alone.ts';
import { type HttpAnswer, isSuccess, notTheContract } from '../contract/http-answer.ts';
import { isObject, parseJson } from '../contract/json.ts';
import { type ErrorCodes, inBrackets, UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import { defaultVerdict, type UploadErrorCode } from '../error/codes.ts';
import { type HttpAnswerHead, UploadError } from '../error/upload-error.ts';
import { codeOf, codesIn, type GraphqlError, isOfField } from './error-code.ts';

/** An answer in the form of GraphQL: `data`, or `errors`, or both. */
export interface GraphqlAnswer {
  /** Undefined where it is null or absent. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** Empty where there are none. */
  readonly errors: readonly GraphqlError[];
}

/** The same, with the head of the HTTP answer that it came in. */
export interface ReadAnswer extends GraphqlAnswer {
  readonly head: HttpAnswerHead;
}

/** Client errors that mean the same in GraphQL as elsewhere, whatever the body says. */
const BY_STATUS: readonly number[] = [401, 403, 408, 413, 425, 426, 429];

/** Refusals that only count in the form of GraphQL. */
const NEED_ERRORS: readonly UploadErrorCode[] = ['invalid', 'forbidden', 'conflict'];

/** Reads an answer. Throws an `UploadError` where its HTTP status decides, or where it isn't one of GraphQL. */
export function readAnswer(answer: HttpAnswer): ReadAnswer {
  const { status, text } = answer;
  const body = parseJson(text);
  const { data, errors = null } = isObject(body) ? body : {};
  const list = readErrors(errors);
  if (!isSuccess(answer)) {
    const error = UploadError.fromResponse(answer);
    // A proxy or firewall refuses without `errors`, and means the request, not the write.
    if (!list?.length && NEED_ERRORS.includes(error.code))
      throw notTheContract(status, 'without GraphQL errors');
    if (!list?.length || BY_STATUS.includes(status) || status < 400 || status >= 500) throw error;
  }
  if (!list) throw notTheContract(status, 'with malformed errors');
  if (list.length === 0 && !isObject(data)) throw notTheContract(status, 'without GraphQL data');
  return { data: isObject(data) ? data : undefined, errors: list, head: answer };
}

/** No `errors`, null and an empty list are the same: none. */
function readErrors(errors: unknown): GraphqlError[] | undefined {
  const list = errors ?? [];
  const isError = (each: unknown): boolean => isObject(each) && typeof each.message === 'string';
  return Array.isArray(list) && list.every(isError) ? list : undefined;
}

/** For an error within a result that is there: it can't be told whether the rest of it holds. */
export function withErrorInside({ status }: HttpAnswerHead): UploadError {
  return notTheContract(status, 'one with an error inside a result');
}

/** What says how errors are read. */
export interface Reading {
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * What errors mean for the one transaction or entry that they are about; of several the one that rejects least. Throws
 * what has to end the whole call: a refused token.
 *
 * @param inBand Whether they were said of this one, rather than of the request.
 */
export function failureIn(
  errors: readonly GraphqlError[],
  head: HttpAnswerHead,
  { errorCodes }: Reading,
  inBand: boolean,
): Failure {
  const [worst, error] = worstOf(errors, head, errorCodes);
  const failure = failureAlone(error);
  if (failure.status !== 'rejected') return failure;
  return { ...failure, inBand, details: { message: worst.message, extensions: worst.extensions } };
}

/** The error that decides, with what it means. A single `CONFLICT` beside an outage must not reject. */
export function worstOf(
  errors: readonly GraphqlError[],
  head: HttpAnswerHead,
  errorCodes?: ErrorCodes,
): [GraphqlError, UploadError] {
  const read = errors.map((each): [GraphqlError, UploadError] => [
    each,
    toUploadError(each, head, errorCodes),
  ]);
  for (const verdict of ['unauthenticated', 'retry', 'hold', 'ambiguous']) {
    const found = read.find(([, { code }]) => code === verdict || defaultVerdict(code) === verdict);
    if (found) return found;
  }
  return read[0] as [GraphqlError, UploadError];
}

function toUploadError(error: GraphqlError, head: HttpAnswerHead, errorCodes?: ErrorCodes): UploadError {
  const { code: byStatus, status = 0, retryAfterMs } = UploadError.fromResponse(head);
  // 400 and 422 are what any error before the execution gets, so they say no more than 200 does.
  const saysMore = status >= 300 && status !== 400 && status !== 422;
  let code = codeOf(error, errorCodes) ?? (saysMore ? byStatus : 'unclassified');
  // A 404 with NOT_FOUND, but of no field: there is no such route, rather than no such row.
  if (code === 'not_found' && !isOfField(error) && saysMore) code = byStatus;
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  const [word] = codesIn(error);
  return new UploadError(code, `The backend refused the mutation${inBrackets(word)}.`, {
    status,
    retryAfterMs,
    budget,
  });
}
