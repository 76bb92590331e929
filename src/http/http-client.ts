import defaultKy from 'ky';
import type { PlatformFetch } from '../globals.ts';
import type { HttpAnswer } from '../outcome/http-answer.ts';
import { UploadError } from '../outcome/upload-error.ts';
import { parseHttpDate } from '../retry/retry-after.ts';
import type { TransportContext } from '../transport.ts';
import { type AnswerBody, readBody } from './read-body.ts';

/** Header names and values, as an object or the platform's `Headers`. */
export type HeadersLike =
  | Readonly<Record<string, string>>
  | { forEach(callback: (value: string, name: string) => void): void };

/** What a function of headers may want to say in them. */
export type HeadersContext = Pick<TransportContext, 'attempt' | 'clientId'>;

/** Headers of a request: fixed ones, or a function that is asked for each request. */
export type RequestHeaders = HeadersLike | ((context: HeadersContext) => HeadersLike | Promise<HeadersLike>);

/** A ky instance, such as one made by `ky.create()` with hooks of your own. */
// biome-ignore lint/suspicious/noExplicitAny: ky's own types need the DOM library; these declarations must not.
export type KyLike = (url: string, options?: any) => PromiseLike<any>;

/** Options that all transports over HTTP have. */
export interface HttpOptions {
  /**
   * Further headers, or a function that is asked for each request: for the versions of the app and of its schema, or a
   * `traceparent`. `Content-Type` is the transport's own, and so is `Authorization` unless `authorization` is `'none'`.
   * In browsers, the backend's CORS set-up must allow the others.
   */
  readonly headers?: RequestHeaders | undefined;
  /**
   * How requests carry the token of `credentials`. Default `'bearer'`: `Authorization: Bearer <token>`, and nothing is
   * sent while nobody is signed in. `'none'`: no token, for backends that take none (or another one, by `headers`).
   */
  readonly authorization?: 'bearer' | 'none' | undefined;
  /** Used instead of the platform's `fetch`; gets a `Request`. */
  readonly fetch?: PlatformFetch | undefined;
  /** A ky instance of your own, for its hooks. Its retries and time-outs are switched off. */
  readonly ky?: KyLike | undefined;
}

export interface HttpRequest {
  readonly url: string;
  /** Default POST. */
  readonly method?: string | undefined;
  /** JSON; none where the request has no body. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Sends one request and reads the answer. Throws an `UploadError` where there is none to read. */
export type HttpClient = (request: HttpRequest, context: RequestContext) => Promise<HttpAnswer>;

type RequestContext = Pick<TransportContext, 'signal' | 'token' | 'serverTime'> &
  Partial<Pick<TransportContext, 'attempt' | 'clientId'>>;

/**
 * Makes requests with ky, as a plain client: status, retries and deadline are the connector's business.
 *
 * Redirects are not left to the platform: it would carry the rows, and headers of the app's own, to wherever a captive
 * portal or a wrong proxy points. One to the same origin that keeps the method (307, 308) is followed here.
 *
 * @param place What messages call the backend: its configured url, since that of a request may hold row data.
 */
export function createHttpClient(
  place: string,
  { headers = {}, authorization = 'bearer', fetch, ky = defaultKy }: HttpOptions,
): HttpClient {
  return async (request, context) => {
    const { url, method = 'POST', body } = request;
    const { attempt = 1, clientId = '' } = context;
    const own = typeof headers === 'function' ? await headers({ attempt, clientId }) : headers;
    const token = authorization === 'bearer' ? await bearer(context) : undefined;
    const options = {
      method,
      ...(body !== undefined && { body }),
      headers: toHeaders(own, request, token),
      signal: context.signal,
      redirect: 'manual',
      retry: 0,
      timeout: false,
      totalTimeout: false,
      throwHttpErrors: false,
      ...(fetch && { fetch }),
    };
    // A relative url is one of the page, in browsers.
    const home =
      originOf(url) ?? originOf((globalThis as { location?: { href?: string } }).location?.href ?? '');
    let response = await ky(url, options);
    if (response.status === 307 || response.status === 308) {
      const target = resolveUrl(response.headers.get('location'), response.url || url);
      if (target && originOf(target) === home) response = await ky(target, options);
    }
    const cameFrom = originOf(response.url) ?? home; // React Native follows redirects, whatever it is told
    if (response.type === 'opaqueredirect' || isRedirect(response.status) || cameFrom !== home) {
      throw new UploadError(
        'misconfigured',
        `${place} leads elsewhere by a redirect, which is not followed: configure the address it leads to. The writes ` +
          'stay queued.',
        { status: response.status },
      );
    }
    const serverTime = parseHttpDate(response.headers.get('date'));
    if (!Number.isNaN(serverTime)) context.serverTime?.(serverTime);
    return {
      status: response.status,
      headers: response.headers,
      text: await readBody(response as AnswerBody, place),
    };
  };
}

async function bearer({ token }: RequestContext): Promise<string> {
  const current = await token();
  if (current === undefined)
    throw new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.');
  return current;
}

function toHeaders(own: HeadersLike, request: HttpRequest, token: string | undefined): Headers {
  try {
    const headers = new Headers(own as Record<string, string>);
    for (const [name, value] of Object.entries(request.headers ?? {})) headers.set(name, value);
    if (request.body !== undefined) headers.set('content-type', 'application/json');
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    return headers;
  } catch {
    // Without a cause: the platform's error quotes the value.
    throw new UploadError(
      'misconfigured',
      'A request header has a character that headers may not carry. The writes stay queued.',
    );
  }
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function resolveUrl(location: string | null, base: string): string | undefined {
  try {
    return location === null ? undefined : new URL(location, base).href;
  } catch {
    return undefined;
  }
}

// By hand: `URL.origin` is missing in React Native's URL.
function originOf(url: string): string | undefined {
  return /^[^/?#]+\/\/[^/?#]+/.exec(url)?.[0].toLowerCase();
}
