import defaultKy from 'ky';
import type { HttpAnswer } from '../contract/http-answer.ts';
import { parseHttpDate } from '../error/retry-after.ts';
import { UploadError } from '../error/upload-error.ts';
import type { PlatformFetch } from '../transport/platform.ts';
import type { TransportContext } from '../transport/transport.ts';
import { type AnswerBody, cancelBody, readBody } from './read-body.ts';
import { type HeaderOptions, type HeadersSource, requestHeaders } from './request-headers.ts';

export type { HeadersContext, HeadersLike, RequestHeaders } from './request-headers.ts';

/** A ky instance, such as one made by `ky.create()` with hooks of your own. */
// biome-ignore lint/suspicious/noExplicitAny: ky's own types need the DOM library; these declarations must not.
export type KyLike = (url: string, options?: any) => PromiseLike<any>;

/** Options that all transports over HTTP have. */
export interface HttpOptions extends HeaderOptions {
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

type RequestContext = HeadersSource & Pick<TransportContext, 'signal' | 'serverTime'>;

/**
 * Makes requests with ky, as a plain client: status, retries and deadline are the connector's business.
 *
 * Redirects are not left to the platform: it would carry the rows, and headers of the app's own, to wherever a captive
 * portal or a wrong proxy points. One to the same origin that keeps the method (307, 308) is followed here.
 *
 * @param base What messages call the backend, without its query: the configured url, since that of a request may hold row
 * data.
 */
export function createHttpClient(
  base: string,
  { headers, authorization, fetch, ky = defaultKy }: HttpOptions,
): HttpClient {
  const place = placeOf(base);
  return async (request, context) => {
    const { url, method = 'POST', body } = request;
    // In React Native a Request keeps no `redirect`; Expo's fetch takes it beside the request. Where a Request doesn't show
    // its body, as in old WebViews, Capacitor's native HTTP sends only the one beside it.
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
    // A relative url is one of the page, in browsers.
    const home =
      originOf(url) ?? originOf((globalThis as { location?: { href?: string } }).location?.href ?? '');
    const send = async (to: string) => {
      // A function of headers may have taken its time, and a fetch of the app's may ignore its signal.
      if (context.signal.aborted)
        throw new UploadError('aborted', 'The request was aborted before it was sent.');
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
    const cameFrom = originOf(response.url) ?? home; // React Native follows redirects, whatever it is told
    if (response.type === 'opaqueredirect' || isRedirect(response.status) || cameFrom !== home) {
      cancelBody(response);
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

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

/** A url for messages: its query may hold a key, and so may what stands before its host. */
export function placeOf(url: string): string {
  return (/^[^?#]*/.exec(url)?.[0] ?? '').replace(/\/\/[^/@]*@/, '//');
}

/** What was thrown, without a cause that repeats the url: its query may hold a key, and its path the id of a row. */
function withoutUrl(thrown: unknown, url: string): unknown {
  const error = UploadError.from(thrown);
  const secret = url.replace(/^[^/?#]*\/\/[^/?#]*/, ''); // all behind the host
  let each: unknown = error;
  for (let depth = 0; each instanceof Error && depth < 10; depth++, each = each.cause) {
    const { message, stack, path, input } = each as Error & { path?: unknown; input?: unknown };
    if (secret.length < 2 || !`${message} ${stack} ${path} ${input}`.includes(secret)) continue;
    const words =
      error.code === 'unknown' ? 'No request could be made: is the url right? The writes stay queued.' : '';
    return new UploadError(error.code, words || error.message.slice(error.code.length + 3));
  }
  return error;
}

// By hand: `URL.origin` throws in React Native 0.76, and its URL appends a path to that of the base.
function originOf(url: string): string | undefined {
  return /^[^/?#]+\/\/[^/?#]+/.exec(url)?.[0].toLowerCase();
}
