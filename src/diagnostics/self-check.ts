import type { CredentialsProvider } from '../auth/token-cache.ts';
import type { RequestHeaders } from '../http/http-client.ts';
import type { PlatformAbortSignal, PlatformFetch } from '../transport/platform.ts';
import { checkToken } from './check-token.ts';
import { checkWriteApi } from './check-write-api.ts';
import { type Finding, found } from './finding.ts';
import { nameOf, type Task, type Within, withDeadline } from './with-deadline.ts';

/** The set-up to check: the same options that the connector and `writeApi()` get. */
export interface SelfCheckOptions {
  /** URL of the PowerSync Service. */
  readonly endpoint: string;
  /** The connector's option `credentials`. It is called once. */
  readonly credentials: CredentialsProvider;
  /**
   * URL that the backend accepts writes at, if it implements the reference write API.
   *
   * @default none: the backend isn't checked
   */
  readonly url?: string | undefined;
  /**
   * Further headers of requests to the backend.
   *
   * @default no further headers
   */
  readonly headers?: RequestHeaders | undefined;
}

/** How {@link selfCheck} runs. */
export interface SelfCheckRun {
  /** Ends the check early when it is aborted. What wasn't checked by then is reported as aborted or failed. */
  readonly signal?: PlatformAbortSignal | undefined;
  /**
   * Time limit for `credentials` and for each request, in milliseconds.
   *
   * @default 10_000
   */
  readonly timeoutMs?: number | undefined;
  /**
   * The function that makes requests.
   *
   * @default the platform's `fetch`
   */
  readonly fetch?: PlatformFetch | undefined;
  /**
   * Returns the time in epoch milliseconds. For tests.
   *
   * @default Date.now
   */
  readonly clock?: (() => number) | undefined;
}

/**
 * Checks the set-up during development, and says what to change: the addresses, the token, and whether the backend
 * implements the reference write API. It sends no writes, and never throws.
 *
 * The backend gets two requests with an empty list of transactions, which its contract refuses: one with the token
 * (expected answer: 400) and one without (expected answer: 401).
 *
 * @returns one finding for each check, in order.
 *
 * @example
 * ```ts
 * import { selfCheck } from 'powersync-backend-connector/diagnostics';
 *
 * declare function getToken(): Promise<string>;
 *
 * const findings = await selfCheck({
 *   endpoint: 'https://example.powersync.journeyapps.com',
 *   credentials: async () => ({ token: await getToken() }),
 *   url: 'https://api.example.com/api/data',
 * });
 * for (const { ok, check, message } of findings) console.log(ok ? '✓' : '✗', check, message);
 * ```
 */
export async function selfCheck(options: SelfCheckOptions, run: SelfCheckRun = {}): Promise<Finding[]> {
  const { endpoint, credentials, url, headers = {} } = options;
  const { signal, timeoutMs = 10_000, fetch = globalThis.fetch, clock = Date.now } = run;
  const within = <T>(task: Task<T>): Promise<T> => withDeadline(task, timeoutMs, signal);

  const findings: Finding[] = [
    found(
      'scope',
      true,
      url === undefined
        ? 'No writes are sent, and the backend is not asked.'
        : 'No writes are sent: the backend is asked twice to take an empty list, which it has to refuse.',
    ),
    checkEndpoint(endpoint, url),
  ];
  const { finding, token } = await getToken(credentials, within);
  findings.push(finding);
  if (token !== undefined) findings.push(...checkToken(token, endpoint, clock()));
  if (url !== undefined) {
    const own = typeof headers === 'function' ? () => headers({ attempt: 1, clientId: '' }) : () => headers;
    findings.push(...(await checkWriteApi({ url, headers: own, token, fetch, within })));
  }
  return findings;
}

function checkEndpoint(endpoint: string, url: string | undefined): Finding {
  if (!/^https?:\/\/[^/]/i.test(endpoint)) {
    return found('endpoint', false, 'The endpoint must be the http(s) URL of the PowerSync Service.');
  }
  const isBackend = `${url}/`.startsWith(`${endpoint.replace(/\/+$/, '')}/`);
  const message = isBackend
    ? "The endpoint is the backend's address. Give that of the PowerSync Service, which the app syncs with."
    : "The endpoint isn't the backend's address.";
  return found('endpoint', !isBackend, message);
}

async function getToken(
  credentials: CredentialsProvider,
  within: Within,
): Promise<{ finding: Finding; token?: string }> {
  let problem: string;
  try {
    const result: { token?: unknown } | null = await within((signal) => credentials({ signal }));
    const token = result?.token;
    if (typeof token === 'string' && token.trim() !== '') {
      return { finding: found('credentials', true, 'credentials() returned a token.'), token: token.trim() };
    }
    problem =
      result === null
        ? 'returned null: nobody is signed in. Sign in, and check again.'
        : 'must return { token: string }, or null when nobody is signed in.';
  } catch (thrown) {
    problem = `failed (${nameOf(thrown)}). Look at it, and at the server that issues tokens.`;
  }
  return { finding: found('credentials', false, `credentials() ${problem}`) };
}
