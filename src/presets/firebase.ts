import { optionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import { operation, rowTransport, saysCompleted, wordsIn } from './contract.ts';
import { withPrevious } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { readToken, tokenClient } from './token-endpoint.ts';

/** Options of {@link firebase}. */
export interface FirebaseOptions extends PresetOptions {
  /** Gets Firebase's own ID token: `user.getIdToken(forceRefresh)`; null while nobody is signed in. */
  readonly idToken: (options: {
    readonly forceRefresh: boolean;
  }) => string | null | undefined | Promise<string | null | undefined>;
}

/** Columns that a PATCH of a to-do clears when it doesn't carry them. */
const COMPLETION = ['completed', 'completed_at', 'completed_by'];

/**
 * The Firebase demo (`powersync-nodejs-firebase-backend-todolist-demo`): one operation per request to `/api/data`, tokens
 * from `/api/auth/token` for a Firebase ID token. Where that one has expired the backend answers 500: it is refreshed
 * once then.
 *
 * - 400 is rejected, which every PATCH of `lists` is. 500 is told apart by its text: an outage is retried, a violated
 *   constraint rejected, anything else retried and rejected after ten tries over ten minutes or more.
 * - A DELETE that the database fails on is never answered: a time-out, which is retried.
 * - A PATCH of `todos` writes the three columns of completion, and clears those it doesn't carry, so all are sent: set
 *   `trackPrevious: true` on that table (not `onlyWhenChanged`). Its other columns never reach the server.
 * - Not atomic. Replays do no harm. Its CORS set-up allows no `Authorization`, so in browsers no token can be had.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
