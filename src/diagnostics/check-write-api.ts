import type { HeadersLike } from '../http/http-client.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import { type Finding, found } from './finding.ts';
import { nameOf, type Within } from './with-deadline.ts';

export interface WriteApiCheck {
  readonly url: string;
  readonly headers: () => HeadersLike | Promise<HeadersLike>;
  readonly token: string | undefined;
  readonly fetch: PlatformFetch;
  readonly within: Within;
}

/** The answer, or why there is none. */
type Answer = { readonly status: number; readonly body: unknown; readonly isHtml: boolean } | string;

/** Sends an empty list. The contract demands 1 to 50 transactions, so every backend refuses it and writes nothing. */
export async function checkWriteApi(options: WriteApiCheck): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (options.token !== undefined) {
    const problem = problemWith(await ask(options, options.token));
    findings.push(found('url', !problem, problem ?? 'The url speaks the write API.'));
    if (problem) return findings; // It isn't the backend that answers there.
  }
  const answer = await ask(options);
  if (typeof answer === 'string') return [...findings, found('authentication', false, answer)];
  const ok = answer.status === 401;
  const message =
    `A request without a token is answered ${answer.status}` +
    (ok
      ? '.'
      : ', not 401. Check the token before all else: otherwise anybody may write, and no token is refreshed.');
  return [...findings, found('authentication', ok, message)];
}

async function ask({ url, headers, fetch, within }: WriteApiCheck, token?: string): Promise<Answer> {
  try {
    return await within(async (signal) => {
      const all = new Headers((await headers()) as Record<string, string>);
      all.set('content-type', 'application/json');
      if (token !== undefined) all.set('authorization', `Bearer ${token}`);
      const response = await fetch(url, {
        method: 'POST',
        headers: all,
        body: '{"transactions":[]}',
        redirect: 'manual',
        signal,
      });
      // React Native always follows redirects.
      const isElsewhere = originOf(response.url || url) !== originOf(url);
      const text = await response.text();
      return {
        status: isElsewhere || response.type === 'opaqueredirect' ? 302 : response.status,
        body: parseJson(text),
        isHtml: /^\s*</.test(text),
      };
    });
  } catch (thrown) {
    const name = nameOf(thrown);
    if (name === 'AbortError') return 'The check of the url was aborted.';
    if (name === 'TimeoutError') return 'The url gave no answer in time. Look whether the backend hangs.';
    return (
      `The url can't be reached (${name}). Is the backend running, and is that its address as seen from this device (to a ` +
      'phone, localhost is itself)? In a browser, missing CORS headers look the same: allow authorization and ' +
      'content-type, and send CORS headers with errors too.'
    );
  }
}

/** What is wrong with the answer to a request with a token; undefined if it follows the contract. */
function problemWith(answer: Answer): string | undefined {
  if (typeof answer === 'string') return answer;
  const { status, body, isHtml } = answer;
  const { message, results } = (body ?? {}) as { message?: unknown; results?: unknown };
  if (status === 400 && typeof message === 'string') return undefined;
  // The backend accepts an empty list, but answers in the contract's form.
  if (status === 200 && Array.isArray(results) && results.length === 0) return undefined;
  if (status === 401) {
    return "The backend refused the token (401). Compare its keys, issuer and audience with the token's.";
  }
  if (status >= 300 && status < 400) {
    return "The url is redirected, which uploads don't follow. Give the address it leads to.";
  }
  if (status === 404 || status === 405 || status === 410) {
    return `Nothing takes a POST there (${status}). Correct the path of the url, or add the route.`;
  }
  if (status >= 500) return `The backend fails (${status}). Look at its log.`;
  if (isHtml) {
    return `A web page answered (${status}). Correct the path of the url, or get past the proxy or captive portal.`;
  }
  return (
    `The answer (${status}) isn't the reference write API's: an empty list is refused with 400 and JSON { message }. ` +
    'Change the backend, or write a transport of your own.'
  );
}

function originOf(url: string): string | undefined {
  return /^[^/?#]+\/\/[^/?#]+/.exec(url)?.[0].toLowerCase();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
