import { operation, rowTransport } from './contract.ts';
import { withPrevious } from './prepare-entries.ts';
import { type Preset, type PresetOptions, setUp } from './preset.ts';
import { fixedToken } from './token-endpoint.ts';

/** Options of {@link django}. */
export type DjangoOptions = PresetOptions;

/** Columns of a list that the backend clears if a PATCH doesn't have them. */
const OF_A_LIST = ['created_at', 'name', 'owner_id'];

/**
 * Preset for the Django demo (`powersync-django-backend-todolist-demo`): one operation per request to
 * `/api/upload_data/`, tokens for the fixed user "1" from `/api/get_powersync_token/`.
 *
 * - The backend answers 500 with a page to every error, even to an outage and to a PATCH of a missing row, and has no
 *   route that shows whether its database is up. Such a write is tried at least ten times over an hour, then rejected.
 * - A PATCH of `lists` clears the columns that it doesn't have, so the preset sends the whole row. Set
 *   `trackPrevious: true` on that table (not `onlyWhenChanged`). Without previous values such a PATCH stays queued.
 * - A PUT of `todos` stores only `description`, `created_by` and `list_id`. The client can't change that.
 * - Transactions are not atomic. A repeated write makes no second row, but may undo a later change. The 404 of a repeated
 *   DELETE counts as applied.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
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
    // Its views answer the word "message" as HTML, or in JSON "Todo updated", "List created".
    isApplied: ({ text, json }) =>
      text === 'message' || /^[A-Z]\w* (created|updated|deleted)$/.test(json?.message),
    isGone: ({ text }) => text === 'message',
    words: ({ status }) => (status === 500 ? null : undefined),
  });
  return { transport, credentials: fixedToken(url, http, '/api/get_powersync_token/') };
}
