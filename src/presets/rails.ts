import { isSuccess, notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { readRefusal } from '../http/refusal-in-body.ts';
import { rowEndpoints } from '../http/row-endpoints.ts';
import { insertThenUpdate } from './insert-then-update.ts';
import { hasColumns } from './prepare-entries.ts';
import { checkSwitch, type Preset, type PresetOptions, setUp } from './preset.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link rails}. */
export interface RailsOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
  /**
   * Whether the controllers permit `id`, so that the server's rows get the ids of the client's. With false, as
   * published, a repeated PUT makes a second row. With true, a repeated PUT does no harm.
   *
   * @default false
   */
  readonly keepsIds?: boolean | undefined;
}

/**
 * Preset for JSON resources as Rails scaffolds them, and as in the Rails demo: `POST /<table>.json`, `PATCH` and
 * `DELETE` of `/<table>/<id>.json`; tokens as text from `/keys/<user id>`.
 *
 * - **As published, a repeated PUT makes a second row**: the server chooses the id of each new row. So the client's row
 *   never matches the one that is synced back, and later changes of it find no row. Permit `id` in the controllers, and
 *   set `keepsIds: true`. Then a refused POST is followed by a PATCH, which succeeds if the row exists.
 * - 422 is rejected, 500 is retried. A 404 counts if it is Rails' own, `{ "status": 404, "error": "Not Found" }`, or
 *   has a code such as `NOT_FOUND`: a DELETE is applied, a PATCH is rejected. Rails answers the same if a route is
 *   missing, so each table needs all three routes. Any other 404 is tried at least ten times over fifteen minutes, then
 *   rejected.
 * - Transactions are not atomic. For HTTP Basic, use `headers`.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { BackendConnector } from 'powersync-backend-connector';
 * import { rails } from 'powersync-backend-connector/presets';
 *
 * const connector = new BackendConnector({
 *   endpoint: 'http://localhost:8080',
 *   ...rails({
 *     url: 'http://localhost:3000',
 *     userId: 'user-1',
 *     headers: { authorization: `Basic ${btoa('admin:12345')}` },
 *     keepsIds: true,
 *   }),
 * });
 * ```
 */
export function rails(options: RailsOptions): Preset {
  const { userId, keepsIds = false, ...others } = options;
  const { url, http } = setUp('rails', others);
  checkSwitch('rails', 'keepsIds', keepsIds);
  const transport = rowEndpoints({
    ...http,
    url,
    routes: {
      default: { path: '/{table}/{id}.json', PUT: { method: 'POST', path: '/{table}.json' } },
    },
    isMissingRow: ({ json }) => isRailsOwn404(json) || undefined,
    decode(answer, { op }) {
      const { status, json } = answer;
      if (status === 404 && op === 'PUT') throw refusalOf(answer); // The row doesn't exist yet, so the route is missing.
      if (!isSuccess(answer) || status === 204 || readRefusal(answer, {}, json?.id != null)) return undefined;
      if (json?.id == null) throw notTheContract(status, 'not the row');
      return { status: 'applied' };
    },
  });
  return {
    transport: keepsIds
      ? insertThenUpdate(
          transport,
          ({ error }, entry) => [409, 422, 500].includes(error.status ?? 0) && hasColumns(entry),
        )
      : transport,
    credentials: userToken('rails', url, http, userId, '/keys/', ({ text }) =>
      /^[\w-]+\.[\w-]+\.[\w-]*\s*$/.test(text) ? text.trim() : undefined,
    ),
  };
}

/** Whether it is Rails' own 404 for a missing row, in production. No proxy in front of it answers like this. */
function isRailsOwn404(json: unknown): boolean {
  const { status, error, ...others } = isObject(json) ? json : {};
  return status === 404 && error === 'Not Found' && Object.keys(others).length === 0;
}
