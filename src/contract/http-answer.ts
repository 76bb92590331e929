import type { UploadErrorCode } from '../error/codes.ts';
import { type HttpAnswerHead, UNCLASSIFIED_BUDGET, UploadError } from '../error/upload-error.ts';
import { isGateways, saysOnlyForbidden } from './gateway.ts';
import { isObject, parseJson } from './json.ts';

/** One answer over HTTP, read to its end. */
export interface HttpAnswer extends HttpAnswerHead {
  readonly text: string;
}

export { UNCLASSIFIED_BUDGET };

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** Refusals that only count in the contract's form, a JSON object: a proxy or firewall answers them too. */
const NEED_JSON: readonly UploadErrorCode[] = ['invalid', 'forbidden', 'conflict'];

/** What an answer outside 2xx means by its status, and by who said it. */
export function refusalOf(answer: HttpAnswer): UploadError {
  const error = UploadError.fromResponse(answer);
  if (!NEED_JSON.includes(error.code)) return error;
  const { status, text } = answer;
  const body = parseJson(text);
  if (!isObject(body)) return notTheContract(status, 'not JSON');
  if (error.code !== 'forbidden') return error;
  if (isGateways(answer, body)) return notTheContract(status, 'that of a gateway');
  if (!saysOnlyForbidden(body)) return error;
  return new UploadError(
    'unclassified',
    `HTTP status ${status} without a word why: the backend's, or that of what stands before it. It is tried for 10 minutes, ` +
      'then rejected. Let the backend say why.',
    { status, budget: UNCLASSIFIED_BUDGET },
  );
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
