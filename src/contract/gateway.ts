import type { HttpAnswerHead } from '../error/upload-error.ts';
import { isObject } from './json.ts';

/** Headers of answers made by the gateway itself: AWS, Kong, Cloudflare, Vercel. In browsers, CORS may hide them. */
const HEADERS = ['x-amzn-errortype', 'x-kong-response-latency', 'cf-mitigated', 'x-vercel-error'];

/** How 403 messages of AWS, Kong, Tyk and Envoy begin. */
const WORDS =
  /^(missing authentication token|user is not authorized to access this resource|the security token|.{0,2000}key=value pair|you cannot consume this service|(your )?ip address( is)? not allowed|access to this api has been|rbac: access denied)/i;

/** Whether a refusal in JSON was made by a gateway, so that the request never reached the backend. */
export function isGateways({ headers }: HttpAnswerHead, body: Readonly<Record<string, unknown>>): boolean {
  const { message, Message, error, fault, cloudflare_error } = body;
  return (
    cloudflare_error === true ||
    isObject(fault) || // Apigee
    HEADERS.some((name) => headers.get(name) !== null) ||
    [message, Message, error, Object(error).message].some((each) => WORDS.test(wordOf(each)))
  );
}

/** Names of members that don't give a reason. */
const NO_REASON = /^(path|url|instance|type|timestamp|.*(request|trace|ray).*id)$/i;
const ONLY_FORBIDDEN =
  /^(403|forbidden|(access|permission)[ _-]?denied|not authorized|unauthorized|(invalid|expired|missing)[ _-]?(access[ _-])?(token|jwt|api[ _-]?key)|(the )?(incoming |access )?(token|jwt)( is| has)? (expired|invalid|missing|malformed)|)[.!]?$/i;

/** Whether a 403 gives no reason: then it may come from the backend or from a gateway. */
export function saysOnlyForbidden(body: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(body).every(([name, said]) => {
    if (
      typeof said === 'number' ||
      typeof said === 'boolean' ||
      said == null ||
      NO_REASON.test(name.slice(0, 100))
    )
      return true;
    if (isObject(said)) return name === 'error' && saysOnlyForbidden(said);
    // An answer with an error code, even this one, follows a contract.
    return (
      typeof said === 'string' && ONLY_FORBIDDEN.test(said) && !(/code$/i.test(name) && /[a-z]/i.test(said))
    );
  });
}

/** The first 2,000 characters of a text to match; empty if the value isn't a text. */
export function wordOf(said: unknown): string {
  return typeof said === 'string' ? said.slice(0, 2_000) : '';
}
