import { UploadError } from '../error/upload-error.ts';
import type { TransportContext } from '../transport/transport.ts';
import type { PostgrestRequest, PostgrestResult } from './client.ts';
import { unredirected } from './unredirected.ts';

/**
 * Sends one request with the token of the user whose writes are uploaded, even if the client has another session by
 * now. Throws if it is redirected.
 */
export async function sendRequest(
  request: PostgrestRequest,
  context: TransportContext,
): Promise<PostgrestResult> {
  const token = await userToken(context);
  const ready = request.setHeader('Authorization', `Bearer ${token}`).abortSignal(context.signal);
  let refused: UploadError | undefined;
  if (typeof ready.fetch === 'function')
    ready.fetch = unredirected(ready.fetch, (error) => {
      refused = error;
    });
  const result = await ready;
  if (refused) throw refused;
  return result;
}

/** The user's token. Throws without one: the clients would send the anonymous key, and the write would have no user. */
export async function userToken({ token }: TransportContext): Promise<string> {
  const current = await token();
  if (!current) throw new UploadError('unauthenticated', 'Nobody is signed in. The writes stay queued.');
  return current;
}
