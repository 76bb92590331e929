import type { CredentialsProvider } from '../auth/token-cache.ts';
import { optionChecks } from '../check-options.ts';
import { isSuccess, notTheContract } from '../contract/http-answer.ts';
import { UploadError } from '../error/upload-error.ts';
import { createHttpClient, type HttpOptions, type HttpRequest } from '../http/http-client.ts';
import { type JsonAnswer, withJson } from '../http/json-answer.ts';
import { joinUrl } from '../http/row-path.ts';
import type { PlatformAbortSignal } from '../transport/platform.ts';

/**
 * Id of the signed-in user, or a function that returns it, called whenever a token is needed. Null means that nobody is
 * signed in.
 */
export type UserId = string | (() => string | null | Promise<string | null>);

/** Makes a function that calls a token endpoint. It throws an `UploadError` if there is no answer to read. */
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
      throw UploadError.from(thrown); // An error of ky holds the request.
    }
  };
}

/** Reads the credentials from an answer. Throws if there are none. */
export function readToken(answer: JsonAnswer, token: unknown = answer.json?.token): { token: string } {
  if (!isSuccess(answer)) throw UploadError.fromResponse(answer);
  if (typeof token !== 'string' || token === '') throw notTheContract(answer.status, 'without a token');
  return { token };
}

/** Gets credentials for a user, from a path that ends with the user's id. */
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

/** Gets credentials from an endpoint that has the same user for everybody. */
export function fixedToken(url: string, http: HttpOptions, path: string): CredentialsProvider {
  const ask = tokenClient(url, http);
  return async ({ signal }) => readToken(await ask(path, signal));
}
