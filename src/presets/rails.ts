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
  /** Whom the token is for. */
  readonly userId: UserId;
  /**
   * Whether the controllers permit `id`, so that the server's rows have the ids of the client's. Default false, as
   * published. With true, PUT is replay-safe: see {@link rails}.
   */
  readonly keepsIds?: boolean | undefined;
}

/**
 * JSON resources as Rails scaffolds them, and the Rails demo has them: `POST /<table>.json`, `PATCH` and `DELETE` of
 * `/<table>/<id>.json`; tokens as text from `/keys/<user id>`.
 *
 * - **As published, a PUT is not replay-safe**: the server gives each new row an id of its own, so a repeat after a lost
 *   answer makes a second row, the client's row never matches the one that comes back, and its later changes find none.
 *   Permit `id` in the controllers, and set `keepsIds: true`: a POST that is refused is then followed by a PATCH, which
 *   succeeds where the row is there already.
 * - 422 is rejected; 500 is retried. 404 on DELETE is applied and on PATCH rejected, where it is Rails' own,
 *   `{ "status": 404, "error": "Not Found" }`, or has a code such as `NOT_FOUND`. Rails says the same of a route that isn't there:
 *   each table needs all three. Any other 404 is tried for fifteen minutes, then rejected.
 * - Not atomic. HTTP Basic goes into `headers`.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
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
      if (status === 404 && op === 'PUT') throw refusalOf(answer); // There is no row yet: it is the route.
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

/** How Rails itself answers where there is no row, in production; nothing that stands before it does. */
function isRailsOwn404(json: unknown): boolean {
  const { status, error, ...others } = isObject(json) ? json : {};
  return status === 404 && error === 'Not Found' && Object.keys(others).length === 0;
}
