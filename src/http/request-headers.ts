import { UploadError } from '../outcome/upload-error.ts';
import type { TransportContext } from '../transport.ts';

/** Header names and values, as an object or the platform's `Headers`. */
export type HeadersLike =
  | Readonly<Record<string, string>>
  | { forEach(callback: (value: string, name: string) => void): void };

/** What a function of headers may want to say in them. */
export type HeadersContext = Pick<TransportContext, 'attempt' | 'clientId'>;

/** Headers of a request: fixed ones, or a function that is asked for each request. */
export type RequestHeaders = HeadersLike | ((context: HeadersContext) => HeadersLike | Promise<HeadersLike>);

/** Options about the headers of requests, for all transports that have any. */
export interface HeaderOptions {
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
}

/** Where the token comes from, and what a function of headers is told. */
export type HeadersSource = Pick<TransportContext, 'token'> &
  Partial<Pick<TransportContext, 'attempt' | 'clientId'>>;

/**
 * The headers of one request: the app's, over them the transport's own, and the token. Throws an `UploadError` where
 * nobody is signed in, or a value can't be a header.
 */
export async function requestHeaders(
  { headers = {}, authorization = 'bearer' }: HeaderOptions,
  own: Readonly<Record<string, string>>,
  context: HeadersSource,
): Promise<Headers> {
  const { attempt = 1, clientId = '' } = context;
  const further = typeof headers === 'function' ? await headers({ attempt, clientId }) : headers;
  const token = authorization === 'bearer' ? await bearer(context) : undefined;
  try {
    const all = new Headers(further as Record<string, string>);
    for (const [name, value] of Object.entries(own)) all.set(name, value);
    if (token !== undefined) all.set('authorization', `Bearer ${token}`);
    return all;
  } catch {
    // Without a cause: the platform's error quotes the value.
    throw new UploadError(
      'misconfigured',
      'A request header has a character that headers may not carry. The writes stay queued.',
    );
  }
}

async function bearer({ token }: HeadersSource): Promise<string> {
  const current = await token();
  if (current === undefined)
    throw new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.');
  return current;
}
