import defaultKy from 'ky';
import type { HttpAnswer } from '../contract/http-answer.ts';
import { parseHttpDate } from '../error/retry-after.ts';
import { UploadError } from '../error/upload-error.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type { TransportContext } from '../transport/transport.ts';
import { type AnswerBody, cancelBody, readBody } from './read-body.ts';
import { type HeaderOptions, type HeadersSource, requestHeaders } from './request-headers.ts';

export type { HeadersContext, HeadersLike, RequestHeaders } from './request-headers.ts';

/** A ky instance, for example `ky.create()` with your own hooks. */
// biome-ignore lint/suspicious/noExplicitAny: ky's own types need the DOM library; these declarations must not.
export type KyLike = (url: string, options?: any) => PromiseLike<any>;

/** Options of all HTTP transports. */
export interface HttpOptions extends HeaderOptions {
  /**
   * The function that makes requests. It is called with a `Request`.
   *
   * @default the platform's `fetch`
   */
  readonly fetch?: PlatformFetch | undefined;
  /**
   * Your own ky instance, for its hooks. Its retries and time-outs are switched off.
   *
   * @default ky itself
   */
  readonly ky?: KyLike | undefined;
}

export interface HttpRequest {
  readonly url: string;
  /** @default 'POST' */
  readonly method?: string | undefined;
  /** JSON text; undefined for a request without a body. */
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Sends one request and reads the answer. Throws an `UploadError` if there is no answer to read. */
export type HttpClient = (request: HttpRequest, context: RequestContext) => Promise<HttpAnswer>;

type RequestContext = HeadersSource & Pick<TransportContext, 'signal' | 'serverTime'>;

/**
 * Makes an HTTP client from ky, as a plain client: the connector handles status, retries and deadline.
 *
 * The platform must not follow redirects: it would send the rows and the app's own headers to wherever a captive portal
 * or a wrong proxy points. A redirect to the same origin that keeps the method (307, 308) is followed here.
 *
 * @param base The configured URL. Messages name it without its query, because the URL of a request may hold row data.
 */
export function createHttpClient(
  base: string,
  { headers, authorization, fetch, ky = defaultKy }: HttpOptions,
): HttpClient {
  const place = placeOf(base);
  return async (request, context) => {
    const { url, method = 'POST', body } = request;
    // In React Native a Request loses `redirect`; Expo's fetch reads it from the second argument. If a Request
    // doesn't show
    // its body, as in old WebViews, Capacitor's native HTTP sends only the body in the second argument.
    const sendUnredirected = (sent: Request): Promise<unknown> =>
      (fetch ?? globalThis.fetch)(sent, {
        redirect: 'manual',
        ...(body !== undefined && ky === defaultKy && !(sent as { body?: unknown }).body && { body }),
      });
    const ownHeaders = {
      ...request.headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const options = {
      method,
      ...(body !== undefined && { body }),
      headers: await requestHeaders({ headers, authorization }, ownHeaders, context),
      signal: context.signal,
      redirect: 'manual',
      retry: 0,
      timeout: false,
      totalTimeout: false,
      throwHttpErrors: false,
      ...((fetch ?? ky === defaultKy) && { fetch: sendUnredirected }),
    };
    // In browsers, a relative url belongs to the page.
    const home =
      originOf(url) ?? originOf((globalThis as { location?: { href?: string } }).location?.href ?? '');
    const send = async (to: string) => {
      // A `headers` function may have taken long, and the app's `fetch` may ignore the signal.
      if (context.signal.aborted)
        throw new UploadError(
          'aborted',
          'The request was aborted before it was sent. The writes stay queued.',
        );
      try {
        return await ky(to, options);
      } catch (thrown) {
        throw withoutUrl(thrown, to);
      }
    };
    let response = await send(url);
    if (response.status === 307 || response.status === 308) {
      const location: string = response.headers.get('location') ?? '';
      const target = /^\/(?!\/)/.test(location) ? `${home}${location}` : location;
      if (home && originOf(target) === home) {
        cancelBody(response);
        response = await send(target);
      }
    }
    const cameFrom = originOf(response.url) ?? home; // React Native always follows redirects
    if (response.type === 'opaqueredirect' || isRedirect(response.status) || cameFrom !== home) {
      cancelBody(response);
      throw new UploadError(
        'misconfigured',
        `${place} redirects to another address, which is not followed. Configure the address that it leads to. The ` +
          'writes stay queued.',
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

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** A url for messages, without query and user info: these may hold a key. */
export function placeOf(url: string): string {
  return (/^[^?#]*/.exec(url)?.[0] ?? '').replace(/\/\/[^/@]*@/, '//');
}

/** The error, without a cause that quotes the url: its query may hold a key, and its path the id of a row. */
function withoutUrl(thrown: unknown, url: string): unknown {
  const error = UploadError.from(thrown);
  const secret = url.replace(/^[^/?#]*\/\/[^/?#]*/, ''); // everything behind the host
  let each: unknown = error;
  for (let depth = 0; each instanceof Error && depth < 10; depth++, each = each.cause) {
    const { message, stack, path, input } = each as Error & { path?: unknown; input?: unknown };
    if (secret.length < 2 || !`${message} ${stack} ${path} ${input}`.includes(secret)) continue;
    const words =
      error.code === 'unknown' ? 'The request could not be made. Check the url. The writes stay queued.' : '';
    return new UploadError(error.code, words || error.message.slice(error.code.length + 3));
  }
  return error;
}

// Read by hand: `URL.origin` throws in React Native 0.76, and its URL resolves paths wrongly.
function originOf(url: string): string | undefined {
  return /^[^/?#]+\/\/[^/?#]+/.exec(url)?.[0].toLowerCase();
}
