import { readRefusal } from '../http/refusal-in-body.ts';
import { rowEndpoints } from '../http/row-endpoints.ts';
import { isObject } from '../json.ts';
import { isSuccess, notTheContract } from '../outcome/http-answer.ts';
import { insertThenUpdate, type NotApplied } from './insert-then-update.ts';
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
 * - 422 is rejected; 500 is retried. Rails answers the same 404 to a missing row and to a missing route, so one is tried
 *   for fifteen minutes, then rejected; unless your controllers add a code, such as `{ "code": "NOT_FOUND" }`: then 404 on
 *   DELETE is applied, and on PATCH rejected, at once.
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
    decode(answer) {
      const { status, json } = answer;
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
          isMissing,
        )
      : transport,
    credentials: userToken('rails', url, http, userId, '/keys/', ({ text }) =>
      /^[\w-]+\.[\w-]+\.[\w-]*\s*$/.test(text) ? text.trim() : undefined,
    ),
  };
}

/** Behind a PUT that Rails itself refused, its own 404 is one of the row. */
function isMissing(update: NotApplied): boolean {
  const details = update.status === 'rejected' ? update.details : undefined;
  const { status, error, ...others } = isObject(details) ? details : {};
  const isRails = status === 404 && error === 'Not Found' && Object.keys(others).length === 0;
  return update.error.code === 'not_found' || isRails;
}
