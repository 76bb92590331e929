import { UploadError } from '../error/upload-error.ts';

/** What the clients call: always with a url and its own `init`, never with a `Request`. */
export type ClientFetch = (url: unknown, init?: object) => Promise<FetchAnswer>;

interface FetchAnswer {
  readonly status: number;
  readonly type?: string;
  readonly redirected?: boolean;
  readonly url?: string;
  readonly body?: { cancel?(): Promise<unknown> } | null;
}

/**
 * The `fetch` of a client, for requests of the connector's: it follows no redirect, which would carry rows, tokens
 * and the `apikey` to another origin, or make a GET of a write, whose answer then passes for that of the write.
 *
 * A redirect is refused with an error. The clients make an answer of it, so it is told to `refuse` as well.
 */
export function unredirected(fetch: ClientFetch, refuse?: (error: UploadError) => void): ClientFetch {
  return async (url, init) => {
    const response = await fetch(url, { ...init, redirect: 'manual' });
    if (!wasRedirected(response, String(url))) return response;
    void response.body?.cancel?.().catch(() => {});
    const error = redirectRefused(response.status);
    refuse?.(error);
    throw error;
  };
}

/**
 * Browsers hide a redirect (status 0). React Native follows it, and has no `redirected`: there the url of the answer has to
 * be the one asked for; elsewhere the app's own `fetch` may have sent the request to another.
 */
export function wasRedirected({ status, type, redirected, url }: FetchAnswer, requested = url): boolean {
  return (
    type === 'opaqueredirect' ||
    redirected === true ||
    [301, 302, 303, 307, 308].includes(status) || // not 300, which PostgREST has a meaning for
    (redirected === undefined && !!url && placeOf(url) !== placeOf(requested ?? ''))
  );
}

export function redirectRefused(status: number): UploadError {
  return new UploadError(
    'misconfigured',
    "The Supabase client's url leads elsewhere by a redirect, which is not followed: give createClient() the address it " +
      'leads to. The writes stay queued.',
    { status: status || undefined },
  );
}

/** Origin and path, however they are escaped. By hand, since React Native's `URL` can't. */
function placeOf(url: string): string {
  const place = url.replace(/[?#].*$/s, '').toLowerCase();
  try {
    return decodeURIComponent(place);
  } catch {
    return place;
  }
}
