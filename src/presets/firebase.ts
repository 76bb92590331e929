import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import { operation, rowTransport, saysCompleted, wordsIn } from './contract.ts';
import { withPrevious } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { readToken, tokenClient } from './token-endpoint.ts';

/** Options of {@link firebase}. */
export interface FirebaseOptions extends PresetOptions {
  /** Returns Firebase's own ID token (`user.getIdToken(forceRefresh)`), or null if nobody is signed in. */
  readonly idToken: (options: {
    readonly forceRefresh: boolean;
  }) => string | null | undefined | Promise<string | null | undefined>;
}

/** Columns of a to-do that the backend clears if a PATCH doesn't have them. */
const COMPLETION = ['completed', 'completed_at', 'completed_by'];

/**
 * Preset for the Firebase demo (`powersync-nodejs-firebase-backend-todolist-demo`): one operation per request to
 * `/api/data`, tokens from `/api/auth/token` in exchange for a Firebase ID token. If the ID token has expired, the
 * backend answers 500; then it is refreshed once.
 *
 * - 400 is rejected; the backend answers it to every PATCH of `lists`. Of a 500, the error text is read: an outage is
 *   retried, a violated constraint is rejected. Anything else is tried at least ten times over ten minutes, or over an
 *   hour if there is no text, then rejected.
 * - If the database fails on a DELETE, the backend never answers: a time-out, which is retried.
 * - A PATCH of `todos` writes only `completed`, `completed_at` and `completed_by`, and clears those that it doesn't
 *   have, so the preset sends all three. Set `trackPrevious: true` on that table (not `onlyWhenChanged`). Other columns
 *   never reach the server.
 * - Transactions are not atomic. A repeated write makes no second row, but may undo a later change. Its CORS set-up
 *   doesn't allow `Authorization`, so browsers can't get a token.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { firebase } from 'powersync-backend-connector/presets';
 *
 * declare const auth: { currentUser: { getIdToken(force: boolean): Promise<string> } | null };
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...firebase({
 *     url: 'http://localhost:6060',
 *     idToken: ({ forceRefresh }) => auth.currentUser?.getIdToken(forceRefresh),
 *   }),
 * });
 * ```
 */
export function firebase(options: FirebaseOptions): Preset {
  const { idToken, ...others } = options;
  const { url, http } = setUp('firebase', others);
  optionChecks('firebase').fn('idToken', idToken);
  const ask = tokenClient(url, http);
  const transport = rowTransport(url, http, {
    path: '/api/data',
    body: (entry) =>
      entry.op === 'PATCH' && entry.table === 'todos'
        ? operation(entry, withPrevious(entry, COMPLETION))
        : operation(entry),
    isApplied: saysCompleted,
    words: wordsIn(500, 'message'),
  });
  return {
    transport,
    async credentials({ signal }) {
      for (const forceRefresh of [false, true]) {
        const own = await idToken({ forceRefresh });
        if (!own) return null;
        if (typeof own !== 'string')
          throw new UploadError('misconfigured', 'firebase: idToken() must return a token, or null.');
        const headers = { authorization: `Bearer ${own}` };
        const answer = await ask('/api/auth/token', signal, { method: 'GET', headers });
        if (forceRefresh || (answer.status !== 401 && answer.status !== 500)) return readToken(answer);
      }
      return null;
    },
  };
}
