import { UploadError } from '../error/upload-error.ts';
import { type RequestHeaders, readHeaders } from '../http/request-headers.ts';
import { operation, rowTransport, saysCompleted, wordsIn } from './contract.ts';
import { checkSwitch, type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link laravel}. */
export interface LaravelOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
  /**
   * Set it to true once your copy of the backend handles DELETE. With false, a DELETE isn't sent and stays queued,
   * because the published backend fails on it.
   *
   * @default false
   */
  readonly deletes?: boolean | undefined;
}

/**
 * Preset for the community's Laravel backend (`powersync-laravel-backend`): one operation per request to `/api/data`,
 * wrapped in `body`; tokens from `/api/auth/token`.
 *
 * - **Its DELETE is broken**: it answers 400 to every DELETE. So a DELETE is not sent, and stays queued as
 *   `misconfigured`, with everything behind it. Correct the controller (`$id` is undefined there), and set
 *   `deletes: true`.
 * - Its POST writes nothing and answers 200, so it isn't used.
 * - 422 is rejected. Of a 400, the error text is read: an outage is retried, a violated constraint is rejected.
 *   Anything else is tried at least ten times over ten minutes, or over an hour if there is no text, then rejected.
 * - Each operation is its own database transaction. A repeated write makes no second row, but may undo a later change.
 *   It needs no authentication.
 * - Ids must be the server's own. MySQL reads the id `3f2c…` of an integer column as 3, and changes or deletes row 3. No
 *   answer shows that. Use id columns of text or uuid.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
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
          'The published Laravel backend fails on every DELETE. Correct it, and set deletes: true. The writes stay queued.',
        );
      }
      return { body: operation(entry) };
    },
    isApplied: saysCompleted, // It answers "PATCH completed" to a PUT too.
    words: wordsIn(400, 'message'),
  });
  return { transport, credentials: userToken('laravel', url, http, userId) };
}

/** Adds `Accept: application/json`. Without it, Laravel answers a redirect to what it refuses. */
function acceptJson(headers: RequestHeaders = {}): RequestHeaders {
  return async (context) => {
    const all = await readHeaders(headers, context);
    all.set('accept', 'application/json');
    return all;
  };
}
