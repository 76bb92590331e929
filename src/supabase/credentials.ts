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
  /** A `SupabaseClient` of supabase-js that keeps the session itself (made without `accessToken`). */
  readonly client: AuthClientLike;
}

/**
 * Tokens of the user who is signed in with Supabase Auth, for the connector's option `credentials`.
 *
 * Null when nobody is signed in, or the session has ended on the server; a throw when that can't be known, for example
 * offline. The session is refreshed when the connector asks again while it still has the token that was given last: then
 * that one was refused, or is about to run out. The anonymous key is never given.
 *
 * @throws TypeError if `client` is no such client.
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
export function supabaseCredentials({ client, ...others }: SupabaseCredentialsOptions): CredentialsProvider {
  const { wrong, object, noOthers } = optionChecks('supabaseCredentials');
  noOthers('', others);
  if (!hasAuth(object('client', client))) wrong('client', 'a SupabaseClient without accessToken', client);
  const ask = asker(client.auth);
  let given: string | undefined;

  async function currentToken(): Promise<string | null> {
    const now = await ask('getSession');
    if (typeof now !== 'string' || now !== given) return now;
    const fresh = await ask('refreshSession');
    if (fresh !== null) return fresh;
    // Another tab may have used the refresh token up: then its session is there by now.
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
    return false; // So does a client with the option accessToken.
  }
}

/** Asks the client, which follows no redirect meanwhile: a refresh token is in the body of its requests. */
function asker(auth: AuthClientLike['auth'] & { fetch?: ClientFetch }) {
  const { fetch } = auth;
  const refusals = new Set<(error: UploadError) => void>();
  if (typeof fetch === 'function') {
    // The client itself repeats what was refused, for half a minute.
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

/** The access token; null when there is no session. Throws when that can't be known. */
async function tokenOf(call: () => Promise<SessionAnswer>): Promise<string | null> {
  // With the client's option throwOnError, errors are thrown.
  const { data, error } = await call().catch((error: unknown) => ({ data: undefined, error }));
  if (!error) return data?.session?.access_token ?? null;
  if (isSignedOut(error)) return null;
  const { status } = isObject(error) ? error : {};
  const code = typeof status === 'number' ? codeFromHttpStatus(status) : UploadError.from(error).code;
  // Whatever it was, it says nothing of the writes.
  throw new UploadError(
    defaultVerdict(code) === 'retry' ? code : 'unavailable',
    'Supabase Auth could not tell who is signed in.',
    { status: typeof status === 'number' && status > 0 ? status : undefined },
  );
}

/** Codes of Supabase Auth by which a session is over for good: refresh_token_not_found, session_expired, user_banned … */
const ENDED = /^(refresh_token|session|user)_/;

function isSignedOut(error: unknown): boolean {
  const { name, status, code } = isObject(error) ? error : {};
  if (name === 'AuthSessionMissingError') return true;
  // 400 is how older servers refuse a refresh token, without a code.
  return name === 'AuthApiError' && (status === 400 || (typeof code === 'string' && ENDED.test(code)));
}

/** Settles like `work`, or rejects once the signal is aborted: the client itself knows no end of waiting. */
function unlessAborted<T>(signal: PlatformAbortSignal, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new UploadError('aborted', 'The upload was aborted.'));
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort);
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort));
  });
}
