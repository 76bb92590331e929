import { isObject, parseJson } from '../json.ts';
import { type HttpAnswerHead, UploadError, type UploadErrorCode } from './upload-error.ts';

/** One answer over HTTP, read to its end. */
export interface HttpAnswer extends HttpAnswerHead {
  readonly text: string;
}

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** Refusals that only count in the contract's form, a JSON object: a proxy or firewall answers them too. */
const NEED_JSON: readonly UploadErrorCode[] = ['invalid', 'forbidden', 'conflict'];

/** What an answer outside 2xx means by its status alone. */
export function refusalOf(answer: HttpAnswer): UploadError {
  const error = UploadError.fromResponse(answer);
  return NEED_JSON.includes(error.code) && !isObject(parseJson(answer.text))
    ? notTheContract(answer.status, 'not JSON')
    : error;
}

/** The error for an answer that isn't in the contract's form, and so says nothing of the writes. */
export function notTheContract(status: number | undefined, what: string): UploadError {
  const said = status === undefined ? 'The backend answered' : `HTTP status ${status}`;
  return new UploadError(
    'misconfigured',
    `${said}, but the answer is ${what}, so it isn't in the form of the contract: check the url and what stands between ` +
      '(proxy, captive portal). The writes stay queued.',
    { status },
  );
}
