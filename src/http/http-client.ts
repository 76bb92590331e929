import defaultKy from 'ky';
import type { PlatformFetch } from '../globals.ts';
import { UploadError } from '../outcome/upload-error.ts';
import { parseHttpDate } from '../retry/retry-after.ts';
import type { TransportContext } from '../transport.ts';

/** Header names and values, as an object or the platform's `Headers`. */
export type HeadersLike =
  | Readonly<Record<string, string>>
  | { forEach(callback: (value: string, name: string) => void): void };

/** Headers of a request: fixed ones, or a function that is asked for each request. */
export type RequestHeaders = HeadersLike | (() => HeadersLike | Promise<HeadersLike>);

/** A ky instance, such as one made by `ky.create()` with hooks of your own. */
// biome-ignore lint/suspicious/noExplicitAny: ky's own types need the DOM library; these declarations must not.
export type KyLike = (url: string, options?: any) => PromiseLike<any>;

export interface HttpClientOptions {
  readonly url: string;
  readonly headers: RequestHeaders;
  readonly fetch: PlatformFetch | undefined;
  readonly ky: KyLike | undefined;
}

/** One answer, read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly text: string;
}

/** Sends one JSON body and reads the answer. Throws an `UploadError` where there is none to read. */
export type HttpClient = (
  body: string,
  context: Pick<TransportContext, 'signal' | 'token' | 'serverTime'>,
) => Promise<HttpAnswer>;

/**
 * Makes requests with ky, as a plain client: status, retries and deadline are the connector's business.
 *
 * Redirects are not left to the platform: it would carry the rows, and headers of the app's own, to wherever a captive
 * portal or a wrong proxy points. One to the same origin that keeps the method (307, 308) is followed here.
 */
export function createHttpClient({ url, headers, fetch, ky = defaultKy }: HttpClientOptions): HttpClient {
  return async (body, context) => {
    const options = {
      method: 'post',
      body,
      headers: toHeaders(typeof headers === 'function' ? await headers() : headers, await context.token()),
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
        `${url} leads elsewhere by a redirect, which is not followed: configure the address it leads to. The writes ` +
          'stay queued.',
        { status: response.status },
      );
    }
    const serverTime = parseHttpDate(response.headers.get('date'));
    if (!Number.isNaN(serverTime)) context.serverTime?.(serverTime);
    return { status: response.status, headers: response.headers, text: await readText(response) };
  };
}

function toHeaders(own: HeadersLike, token: string | undefined): Headers {
  if (token === undefined) {
    throw new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.');
  }
  try {
    const headers = new Headers(own as Record<string, string>);
    headers.set('content-type', 'application/json');
    headers.set('authorization', `Bearer ${token}`);
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

async function readText(response: { text(): Promise<string> }): Promise<string> {
  try {
    return await response.text();
  } catch (cause) {
    throw new UploadError('network', 'The connection ended in the middle of the answer.', { cause });
  }
}

// By hand: `URL.origin` is missing in React Native's URL.
function originOf(url: string): string | undefined {
  return /^[^/?#]+\/\/[^/?#]+/.exec(url)?.[0].toLowerCase();
}
