import { type Failure, failureAlone } from '../combine/failure-alone.ts';
import { type HttpAnswer, isSuccess, notTheContract } from '../contract/http-answer.ts';
import { isObject, parseJson } from '../contract/json.ts';
import { type ErrorCodes, inBrackets, UNCLASSIFIED_BUDGET } from '../contract/read-results.ts';
import { defaultVerdict, type UploadErrorCode } from '../error/codes.ts';
import { type HttpAnswerHead, UploadError } from '../error/upload-error.ts';
import { codeOf, codesIn, type GraphqlError, isOfField } from './error-code.ts';

/** A GraphQL answer: `data`, or `errors`, or both. */
export interface GraphqlAnswer {
  /** `data` of the answer; undefined if it is null or absent. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** `errors` of the answer; empty if there are none. */
  readonly errors: readonly GraphqlError[];
}

/** A GraphQL answer with the head of its HTTP answer. */
export interface ReadAnswer extends GraphqlAnswer {
  readonly head: HttpAnswerHead;
}

/** Client errors with the same meaning in GraphQL as elsewhere, whatever the body says. */
const BY_STATUS: readonly number[] = [401, 403, 408, 413, 425, 426, 429];

/** Refusals that count only with GraphQL errors. */
const NEED_ERRORS: readonly UploadErrorCode[] = ['invalid', 'forbidden', 'conflict'];

/** Reads an answer. Throws an `UploadError` if its HTTP status decides, or if it isn't a GraphQL answer. */
export function readAnswer(answer: HttpAnswer): ReadAnswer {
  const { status, text } = answer;
  const body = parseJson(text);
  const { data, errors = null } = isObject(body) ? body : {};
  const list = readErrors(errors);
  if (!isSuccess(answer)) {
    const error = UploadError.fromResponse(answer);
    // A refusal without `errors` comes from a proxy or firewall, and isn't about the write.
    if (!list?.length && NEED_ERRORS.includes(error.code))
      throw notTheContract(status, 'without GraphQL errors');
    if (!list?.length || BY_STATUS.includes(status) || status < 400 || status >= 500) throw error;
  }
  if (!list) throw notTheContract(status, 'with malformed errors');
  if (list.length === 0 && !isObject(data)) throw notTheContract(status, 'without GraphQL data');
  return { data: isObject(data) ? data : undefined, errors: list, head: answer };
}

/** Missing `errors`, null and an empty list all mean no errors. Undefined if the list is malformed. */
function readErrors(errors: unknown): GraphqlError[] | undefined {
  const list = errors ?? [];
  const isError = (each: unknown): boolean => isObject(each) && typeof each.message === 'string';
  return Array.isArray(list) && list.every(isError) ? list : undefined;
}

/** The error for an answer with an error inside a result: it is unknown whether the rest of it is true. */
export function withErrorInside({ status }: HttpAnswerHead): UploadError {
  return notTheContract(status, 'one with an error inside a result');
}

/** How errors are read. */
export interface Reading {
  readonly errorCodes?: ErrorCodes | undefined;
}

/**
 * The outcome of the transaction or entry that the errors are about. Of several errors, the one that rejects least
 * counts. Throws errors that have to end the whole call: a refused token.
 *
 * @param inBand True if they are about this transaction or entry, false if they are about the request.
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

/** The error that counts, and its meaning. A `CONFLICT` next to an outage must not reject. */
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
  // Any error before the execution has status 400 or 422, so these say no more than 200.
  const saysMore = status >= 300 && status !== 400 && status !== 422;
  let code = codeOf(error, errorCodes) ?? (saysMore ? byStatus : 'unclassified');
  // A 404 with NOT_FOUND that isn't about a field: the route is missing, not the row.
  if (code === 'not_found' && !isOfField(error) && saysMore) code = byStatus;
  const budget = code === 'unclassified' ? UNCLASSIFIED_BUDGET : undefined;
  const [word] = codesIn(error);
  return new UploadError(code, `The backend refused the mutation${inBrackets(word)}.`, {
    status,
    retryAfterMs,
    budget,
  });
}
