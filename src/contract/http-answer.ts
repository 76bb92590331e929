import type { UploadErrorCode } from '../error/codes.ts';
import { type HttpAnswerHead, UNCLASSIFIED_BUDGET, UploadError } from '../error/upload-error.ts';
import { isGateways, saysOnlyForbidden } from './gateway.ts';
import { isObject, parseJson } from './json.ts';

/** An HTTP answer whose body was read. */
export interface HttpAnswer extends HttpAnswerHead {
  readonly text: string;
}

export { UNCLASSIFIED_BUDGET };

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}

/** Codes that count only with a JSON object as body, the contract's form: proxies and firewalls send them too. */
const NEED_JSON: readonly UploadErrorCode[] = ['invalid', 'forbidden', 'conflict'];

/** Reads an answer outside 2xx, by its status and by whether the backend or something in front of it sent it. */
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
    `HTTP status ${status} without a reason, from the backend or a gateway in front of it. The write is tried for 10 minutes, ` +
      'then rejected. Let the backend send a reason.',
    { status, budget: UNCLASSIFIED_BUDGET },
  );
}

/** The error for an answer that isn't in the contract's form, so that it says nothing about the writes. */
export function notTheContract(status: number | undefined, what: string): UploadError {
  const said = status === undefined ? 'The backend answered' : `HTTP status ${status}`;
  return new UploadError(
    'misconfigured',
    `${said}, but the answer is ${what}, so it isn't in the form of the contract. Check the url, and whether something ` +
      'in between answers (proxy, captive portal). The writes stay queued.',
    { status },
  );
}
