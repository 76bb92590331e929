import type { CredentialsProvider } from '../auth/token-cache.ts';
import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import { defaultVerdict } from '../error/codes.ts';
import { codeFromHttpStatus } from '../error/http-status.ts';
import { UploadError } from '../error/upload-error.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';
import { type ClientFetch, unredirected } from './unredirected.ts';

interface SessionAnswer {
  readonly data: { readonly session: { readonly access_token: string } | null };
  readonly error: unknown;
}

/** The part of a `SupabaseClient` that {@link supabaseCredentials} uses. */
export interface AuthClientLike {
  readonly auth: {
    getSession(): Promise<SessionAnswer>;
    refreshSession(): Promise<SessionAnswer>;
  };
}

/** Options of {@link supabaseCredentials}. */
export interface SupabaseCredentialsOptions {
  /** A `SupabaseClient` of supabase-js that handles the session itself (created without `accessToken`). */
  readonly client: AuthClientLike;
}

/**
 * Gets tokens of the user who is signed in with Supabase Auth. For the connector's option `credentials`.
 *
 * Returns null if nobody is signed in, or if the session has ended on the server. Throws if that is unknown, for
 * example offline. If the session still has the token that was returned last, it is refreshed: the connector asks again
 * only if a token was refused or is about to expire. Never returns the anonymous key.
 *
 * @throws TypeError if `client` has no `auth`, or an option is unknown.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js';
 * import { supabaseCredentials } from 'powersync-backend-connector/supabase';
 *
 * const client = createClient('https://example.supabase.co', 'sb_publishable_key');
 *
 * export const credentials = supabaseCredentials({ client });
 * ```
 */
export function supabaseCredentials(options: SupabaseCredentialsOptions): CredentialsProvider {
  const { wrong, object, noOthers } = optionChecks('supabaseCredentials');
  const { client, ...others } = object('options', options, 'an object with client');
  noOthers('', others);
  if (!hasAuth(object('client', client))) wrong('client', 'a SupabaseClient without accessToken', client);
  const ask = asker(client.auth);
  let given: string | undefined;

  async function currentToken(): Promise<string | null> {
    const now = await ask('getSession');
    if (typeof now !== 'string' || now !== given) return now;
    const fresh = await ask('refreshSession');
    if (fresh !== null) return fresh;
    // Another tab may have used the refresh token. Then its new session is there now.
    const later = await ask('getSession');
    return later === given ? null : later;
  }

  return async ({ signal }) => {
    const token = await unlessAborted(signal, currentToken);
    given = token ?? undefined;
    return token === null ? null : { token };
  };
}

function hasAuth(client: AuthClientLike): boolean {
  try {
    return typeof client.auth.getSession === 'function';
  } catch {
    return false; // A client with the option accessToken throws.
  }
}

/** Asks the client, and lets it follow no redirect until it has answered: its requests hold a refresh token. */
function asker(auth: AuthClientLike['auth'] & { fetch?: ClientFetch }) {
  const { fetch } = auth;
  const refusals = new Set<(error: UploadError) => void>();
  if (typeof fetch === 'function') {
    // The client itself retries a refused request for half a minute, so the caller is told at once.
    const strict = unredirected(fetch.bind(auth), (error) => {
      for (const refuse of refusals) refuse(error);
    });
    auth.fetch = (...request) => (refusals.size > 0 ? strict(...request) : fetch.apply(auth, request));
  }
  return (what: 'getSession' | 'refreshSession') =>
    new Promise<string | null>((resolve, reject) => {
      refusals.add(reject);
      tokenOf(() => auth[what]())
        .then(resolve, reject)
        .finally(() => refusals.delete(reject));
    });
}

/** The access token; null if there is no session. Throws if that is unknown. */
async function tokenOf(call: () => Promise<SessionAnswer>): Promise<string | null> {
  // With the client's option throwOnError, errors are thrown.
  const { data, error } = await call().catch((error: unknown) => ({ data: undefined, error }));
  if (!error) return data?.session?.access_token ?? null;
  if (isSignedOut(error)) return null;
  const { status } = isObject(error) ? error : {};
  const code = typeof status === 'number' ? codeFromHttpStatus(status) : UploadError.from(error).code;
  // Whatever the error is, it says nothing about the writes.
  throw new UploadError(
    defaultVerdict(code) === 'retry' ? code : 'unavailable',
    'Supabase Auth could not tell who is signed in. The writes stay queued.',
    { status: typeof status === 'number' && status > 0 ? status : undefined },
  );
}

/** Codes of Supabase Auth for a session that has ended: refresh_token_not_found, session_expired, user_banned … */
const ENDED = /^(refresh_token|session|user)_/;

function isSignedOut(error: unknown): boolean {
  const { name, status, code } = isObject(error) ? error : {};
  if (name === 'AuthSessionMissingError') return true;
  // Older servers refuse a refresh token with 400 and no code.
  return name === 'AuthApiError' && (status === 400 || (typeof code === 'string' && ENDED.test(code)));
}

/** Settles like `work`, or rejects once the signal is aborted: the client itself has no time limit. */
function unlessAborted<T>(signal: PlatformAbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void =>
      reject(new UploadError('aborted', 'The upload was aborted. The writes stay queued.'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
