import type { CredentialsProvider } from '../auth/token-cache.ts';
import { optionChecks } from '../check-options.ts';
import { isSuccess, notTheContract } from '../contract/http-answer.ts';
import { UploadError } from '../error/upload-error.ts';
import { createHttpClient, type HttpOptions, type HttpRequest } from '../http/http-client.ts';
import { type JsonAnswer, withJson } from '../http/json-answer.ts';
import { joinUrl } from '../http/row-path.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';

/** Who is signed in: a user id, or a function that is asked whenever a token is needed; null while nobody is. */
export type UserId = string | (() => string | null | Promise<string | null>);

/** Makes a function that asks a token endpoint at a path. Throws an `UploadError` where there is no answer to read. */
export function tokenClient(url: string, http: HttpOptions) {
  const client = createHttpClient(url, { ...http, authorization: 'none' });
  return async (
    path: string,
    signal: PlatformAbortSignal,
    request: Partial<HttpRequest> = { method: 'GET' },
  ): Promise<JsonAnswer> => {
    try {
      const asked = { ...request, url: joinUrl(url, path) };
      return withJson(await client(asked, { signal, token: async () => undefined }));
    } catch (thrown) {
      throw UploadError.from(thrown); // What ky throws holds the request.
    }
  };
}

/** The credentials in an answer; throws where it has none. */
export function readToken(answer: JsonAnswer, token: unknown = answer.json?.token): { token: string } {
  if (!isSuccess(answer)) throw UploadError.fromResponse(answer);
  if (typeof token !== 'string' || token === '') throw notTheContract(answer.status, 'without a token');
  return { token };
}

/** Credentials for a user, from a path that ends in the id. */
export function userToken(
  who: string,
  url: string,
  http: HttpOptions,
  userId: UserId,
  path = '/api/auth/token?user_id=',
  find?: (answer: JsonAnswer) => unknown,
): CredentialsProvider {
  const ask = tokenClient(url, http);
  if (typeof userId !== 'function' && (typeof userId !== 'string' || userId === ''))
    optionChecks(who).wrong('userId', 'a user id, or a function that returns one', userId);
  return async ({ signal }) => {
    const id: unknown = typeof userId === 'function' ? await userId() : userId;
    if (id === null) return null;
    if (typeof id !== 'string' || id === '')
      throw new UploadError('misconfigured', `${who}: userId() must return a user id, or null.`);
    const answer = await ask(path + encodeURIComponent(id), signal);
    return readToken(answer, find?.(answer));
  };
}

/** Credentials from an endpoint that gives the same user to everybody. */
export function fixedToken(url: string, http: HttpOptions, path: string): CredentialsProvider {
  const ask = tokenClient(url, http);
  return async ({ signal }) => readToken(await ask(path, signal));
}
