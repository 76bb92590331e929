import { UploadError } from '../error/upload-error.ts';

/** The `fetch` that the clients call: always with a url and its own `init`, never with a `Request`. */
export type ClientFetch = (url: unknown, init?: object) => Promise<FetchAnswer>;

interface FetchAnswer {
  readonly status: number;
  readonly type?: string;
  readonly redirected?: boolean;
  readonly url?: string;
  readonly body?: { cancel?(): Promise<unknown> } | null;
}

/**
 * Wraps the `fetch` of a client, for the connector's requests, so that it follows no redirect. A redirect could send
 * rows, tokens and the `apikey` to another origin. Or it could turn a write into a GET, whose answer would look like
 * that of the write.
 *
 * A redirect throws an error. The clients turn it into an answer, so `refuse` gets the error too.
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
 * Whether a request was redirected. Browsers hide a redirect (status 0). React Native follows it and has no
 * `redirected`: there the url of the answer must be the requested one. With `redirected`, the url may differ, because
 * the app's own `fetch` may have changed it.
 */
export function wasRedirected({ status, type, redirected, url }: FetchAnswer, requested = url): boolean {
  return (
    type === 'opaqueredirect' ||
    redirected === true ||
    [301, 302, 303, 307, 308].includes(status) || // not 300, which PostgREST uses itself
    (redirected === undefined && !!url && placeOf(url) !== placeOf(requested ?? ''))
  );
}

export function redirectRefused(status: number): UploadError {
  return new UploadError(
    'misconfigured',
    "The Supabase client's url redirects to another address, which is not followed. Pass that address to " +
      'createClient(). The writes stay queued.',
    { status: status || undefined },
  );
}

/** Origin and path of a url, unescaped. Read by hand, because React Native's `URL` can't do it. */
function placeOf(url: string): string {
  const place = url.replace(/[?#].*$/s, '').toLowerCase();
  try {
    return decodeURIComponent(place);
  } catch {
    return place;
  }
}
