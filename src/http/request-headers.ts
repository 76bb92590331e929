import { UploadError } from '../error/upload-error.ts';
import type { TransportContext } from '../transport/transport.ts';

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
  const all = await readHeaders(headers, context);
  const token = authorization === 'bearer' ? await bearer(context) : undefined;
  for (const [name, value] of Object.entries(own)) setHeader(all, name, value);
  if (token !== undefined) setHeader(all, 'authorization', `Bearer ${token}`);
  return all;
}

/** The app's own headers, whether they are there or come by a promise. */
export async function readHeaders(
  headers: RequestHeaders,
  { attempt = 1, clientId = '' }: Partial<HeadersContext>,
): Promise<Headers> {
  const given: unknown = await (typeof headers === 'function' ? headers({ attempt, clientId }) : headers);
  if (given === undefined) return new Headers();
  if (!given || typeof given !== 'object' || Array.isArray(given))
    throw noHeaders('headers() must return an object');
  const all = new Headers();
  const named = (given as { forEach?: unknown }).forEach;
  if (typeof named === 'function')
    named.call(given, (value: string, name: string) => setHeader(all, name, value));
  else
    for (const [name, later] of Object.entries(given)) {
      const value: unknown = await later;
      if (!['string', 'number', 'boolean'].includes(typeof value))
        throw noHeaders(`The header "${name}" must be a text`);
      setHeader(all, name, String(value));
    }
  return all;
}

function setHeader(all: Headers, name: string, value: string): void {
  try {
    all.set(name, value);
  } catch {
    // Without a cause: the platform's error quotes the value.
    throw noHeaders('A request header has a character that headers may not carry');
  }
}

function noHeaders(what: string): UploadError {
  return new UploadError('misconfigured', `${what}. Nothing was sent. The writes stay queued.`);
}

async function bearer({ token }: HeadersSource): Promise<string> {
  const current = await token();
  if (current === undefined)
    throw new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.');
  return current;
}
