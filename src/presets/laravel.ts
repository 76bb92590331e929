import { UploadError } from '../error/upload-error.ts';
import { type RequestHeaders, readHeaders } from '../http/request-headers.ts';
import { operation, rowTransport, saysCompleted, wordsIn } from './contract.ts';
import { checkSwitch, type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link laravel}. */
export interface LaravelOptions extends PresetOptions {
  /** Whom the token is for. */
  readonly userId: UserId;
  /** Set it once your copy of the backend handles DELETE. Default false: see {@link laravel}. */
  readonly deletes?: boolean | undefined;
}

/**
 * The community's Laravel backend (`powersync-laravel-backend`): one operation per request to `/api/data`, wrapped in
 * `body`; tokens from `/api/auth/token`.
 *
 * - **Its DELETE is broken**: it answers 400 to each. A DELETE is not sent, and stays queued as `misconfigured`, with
 *   everything behind it. Correct the controller (`$id` is undefined there), and set `deletes: true`.
 * - Its POST writes nothing and answers 200: it isn't used.
 * - 422 is rejected. 400 is told apart by its text: an outage is retried, a violated constraint rejected, anything else
 *   retried and rejected after ten tries over ten minutes or more.
 * - Each operation is a database transaction of its own. Replays do no harm. It asks for no authentication.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { laravel } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...laravel({ url: 'http://localhost:8000', userId: 'user-1' }),
 * });
 * ```
 */
export function laravel(options: LaravelOptions): Preset {
  const { userId, deletes = false, ...others } = options;
  const { url, http } = setUp('laravel', others);
  checkSwitch('laravel', 'deletes', deletes);
  const withAccept = { ...http, headers: acceptJson(http.headers) };
  const transport = rowTransport(url, withAccept, {
    path: '/api/data',
    body(entry) {
      if (entry.op === 'DELETE' && !deletes) {
        throw new UploadError(
          'misconfigured',
          'The published Laravel backend fails on every DELETE: correct it, and set deletes: true. The writes stay queued.',
        );
      }
      return { body: operation(entry) };
    },
    isApplied: saysCompleted, // "PATCH completed" is what it says of a PUT, too.
    words: wordsIn(400, 'message'),
  });
  return { transport, credentials: userToken('laravel', url, http, userId) };
}

/** Without it, what Laravel refuses is a redirect. */
function acceptJson(headers: RequestHeaders = {}): RequestHeaders {
  return async (context) => {
    const all = await readHeaders(headers, context);
    all.set('accept', 'application/json');
    return all;
  };
}
