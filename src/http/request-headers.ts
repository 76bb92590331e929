import { UploadError } from '../error/upload-error.ts';
import type { TransportContext } from '../transport/transport.ts';

/** Header names and values: an object, or the platform's `Headers`. */
export type HeadersLike =
  | Readonly<Record<string, string>>
  | { forEach(callback: (value: string, name: string) => void): void };

/** The argument of a `headers` function: the number of this try, from 1, and the database's client id. */
export type HeadersContext = Pick<TransportContext, 'attempt' | 'clientId'>;

/** Headers of requests: fixed ones, or a function that is called for each request. */
export type RequestHeaders = HeadersLike | ((context: HeadersContext) => HeadersLike | Promise<HeadersLike>);

/** Options for the headers of requests. */
export interface HeaderOptions {
  /**
   * Further headers, or a function that is called for each request. For example the versions of the app and its schema,
   * or a `traceparent`. The transport sets `Content-Type`, and `Authorization` unless `authorization` is `'none'`. In
   * browsers, the backend's CORS set-up must allow the others.
   *
   * @default no further headers
   */
  readonly headers?: RequestHeaders | undefined;
  /**
   * How requests carry the token of `credentials`.
   *
   * - `'bearer'`: as `Authorization: Bearer <token>`. Nothing is sent while nobody is signed in.
   * - `'none'`: not at all. For backends that need no token, or another one (set it with `headers`).
   *
   * @default 'bearer'
   */
  readonly authorization?: 'bearer' | 'none' | undefined;
}

/** Where the token comes from, and the argument of a `headers` function. */
export type HeadersSource = Pick<TransportContext, 'token'> &
  Partial<Pick<TransportContext, 'attempt' | 'clientId'>>;

/**
 * Makes the headers of one request: the app's, overridden by the transport's own and the token. Throws an `UploadError`
 * if nobody is signed in, or if a value can't be a header.
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

/** The app's own headers. They may be a promise, or hold promises. */
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
    // The cause is dropped, because the platform's error quotes the value.
    throw noHeaders('A request header has a character that is not allowed in headers');
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
