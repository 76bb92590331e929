import { operation, rowTransport } from './contract.ts';
import { withPrevious } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { fixedToken } from './token-endpoint.ts';

/** Options of {@link django}. */
export type DjangoOptions = PresetOptions;

/** Columns that a PATCH of a list clears when it doesn't carry them. */
const OF_A_LIST = ['created_at', 'name', 'owner_id'];

/**
 * The Django demo (`powersync-django-backend-todolist-demo`): one operation per request to `/api/upload_data/`, tokens
 * for the fixed user "1" from `/api/get_powersync_token/`.
 *
 * - It answers 500 with a page to everything, an outage too, and to a PATCH of a missing row: retried, and rejected after
 *   ten tries over ten minutes or more.
 * - A PATCH of `lists` clears the columns it doesn't carry, so the whole row is sent: set `trackPrevious: true` on that
 *   table (not `onlyWhenChanged`). Without previous values such a PATCH stays queued.
 * - A PUT of `todos` stores `description`, `created_by` and `list_id` only; nothing can be done about that from here.
 * - Not atomic. Replays do no harm: the 404 of a replayed DELETE counts as applied.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { django } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...django({ url: 'http://localhost:8000' }),
 * });
 * ```
 */
export function django(options: DjangoOptions): Preset {
  const { url, http } = setUp('django', options);
  const transport = rowTransport(url, http, {
    path: '/api/upload_data/',
    body: (entry) =>
      entry.op === 'PATCH' && entry.table === 'lists'
        ? operation(entry, withPrevious(entry, OF_A_LIST))
        : operation(entry),
    // Its views answer with the word "message", as HTML, or with a message in JSON.
    isApplied: ({ text, json }) => text === 'message' || typeof json?.message === 'string',
    isGone: ({ text }) => text === 'message',
    words: ({ status }) => (status === 500 ? null : undefined),
  });
  return { transport, credentials: fixedToken(url, http, '/api/get_powersync_token/') };
}
