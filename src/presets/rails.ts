import { failureAlone } from '../combine/failure-alone.ts';
import { skipEmptyPatches } from '../combine/skip-empty.ts';
import { isSuccess, notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { createHttpClient } from '../http/http-client.ts';
import { type JsonAnswer, withJson } from '../http/json-answer.ts';
import { saysMissing } from '../http/missing-row.ts';
import { readRefusal } from '../http/refusal-in-body.ts';
import { rowEndpoints } from '../http/row-endpoints.ts';
import { fillPath, joinUrl } from '../http/row-path.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { TransportContext } from '../transport/transport.ts';
import { warnOfDroppedColumns } from './dropped-columns.ts';
import { createKeptIds } from './kept-ids.ts';
import { checkSwitch, type Preset, type PresetOptions, setUp } from './preset.ts';
import { askAfter500, byStatus, unexplained } from './row-or-backend.ts';
import { type UserId, userToken } from './token-endpoint.ts';

/** Options of {@link rails}. */
export interface RailsOptions extends PresetOptions {
  /** Id of the user that tokens are for. */
  readonly userId: UserId;
  /**
   * Whether the server keeps the ids of the app: its id columns are text or uuid, and its controllers permit `:id`. With
   * false, as published, a repeated PUT makes a second row. With true, it makes none.
   *
   * @default false
   */
  readonly keepsIds?: boolean | undefined;
}

/**
 * Preset for JSON resources as Rails scaffolds them, and as in the Rails demo: `POST /<table>.json`, `GET`, `PATCH` and
 * `DELETE` of `/<table>/<id>.json`; tokens as text from `/keys/<user id>`.
 *
 * - **As published, a repeated PUT makes a second row**: the server chooses the id of each new row, a whole number. So the
 *   app's row never matches the one that is synced back. Make the id columns text or uuid, permit `:id` in the
 *   controllers, and set `keepsIds: true`. Then a refused POST is followed by a PATCH, which succeeds if the row exists. If
 *   the id is a whole number, the row may be another one: it is read, and counts as applied if it is as it was sent.
 * - A server with whole numbers reads the id `3f2c…` as 3. So a PATCH or DELETE is sent only if its id is a whole number,
 *   or if the server has shown that the table keeps such ids: in the answer to a POST, or to a GET of the row. Otherwise
 *   nothing is sent. Without `keepsIds`, the change is rejected as `not_found`; with it, it stays queued as
 *   `misconfigured`. If the server doesn't show the row, the change is tried for 15 minutes, then rejected.
 * - With `keepsIds` and a server that wasn't changed, a new row is stored under another id. It is rejected as
 *   `not_found`, and isn't sent again. Further new rows of that table stay queued until the app restarts.
 * - 422 is rejected. Rails answers 500 to an outage, and to a row that its database refuses. So the row or the list is
 *   read after it. If that fails too, the write stays queued. If it can be read, the write is tried at least ten times
 *   over ten minutes, then rejected; if the read is refused, over an hour. A database that can be read but not written looks
 *   like a bad row.
 * - A 404 counts if it is Rails' own, or has a code such as `NOT_FOUND`: a DELETE is applied, a PATCH is rejected. Any
 *   other 404 is tried at least ten times over fifteen minutes, then rejected. If `headers` have `Accept:
 *   application/json`, Rails answers the same to a missing route, so each table needs all of its routes.
 * - Rails drops columns that the controller doesn't permit, without an error. If the answer leaves out a column that was
 *   sent, there is a warning on the console, once for each column.
 * - Transactions are not atomic. For HTTP Basic, use `headers`, and not `authorization: 'bearer'`, which replaces that
 *   header.
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
  const client = createHttpClient(url, http);
  const get = async (path: string, context: TransportContext): Promise<JsonAnswer> =>
    withJson(await client({ method: 'GET', url: joinUrl(url, path) }, context));
  const show = (entry: UploadEntry, context: TransportContext): Promise<JsonAnswer> =>
    get(fillPath(ROW, entry), context);
  const ids = createKeptIds({
    keepsIds,
    show,
    isGone: (answer, entry) => isRailsOwn404(answer.json) || saysMissing(answer, entry),
    hasFailed: isRailsOwn500,
  });
  const warnOfDropped = warnOfDroppedColumns();
  const transport = rowEndpoints({
    ...http,
    url,
    routes: { default: { path: ROW, PUT: { method: 'POST', path: ROWS } } },
    isMissingRow: ({ json }) => isRailsOwn404(json) || undefined,
    decode(answer, entry) {
      const { status, json } = answer;
      if (status === 404 && entry.op === 'PUT') throw refusalOf(answer); // The row doesn't exist yet, so the route is missing.
      if (isRailsOwn500(answer))
        return { status: 'rejected', error: unexplained(answer), details: json, inBand: false };
      const hasNoRow = status === 204 && entry.op !== 'PUT';
      if (!isSuccess(answer) || hasNoRow || readRefusal(answer, {}, json?.id != null)) return undefined;
      if (json?.id == null) throw notTheContract(status, 'not the row');
      warnOfDropped(entry, json);
      return ids.read(answer, entry);
    },
  });

  /** Only the list can be read if the server fails on the id itself. */
  async function isUp(entry: UploadEntry, context: TransportContext): Promise<boolean | undefined> {
    const row = await show(entry, context).catch(notShown);
    if (row?.status === 404 ? isRailsOwn404(row.json) : row?.status === 200 && isObject(row.json))
      return true;
    const rows = await get(fillPath(ROWS, entry), context);
    return (rows.status === 200 && typeof rows.json === 'object') || byStatus(rows);
  }

  return {
    transport: skipEmptyPatches(askAfter500(ids.guard(transport), isUp)),
    credentials: userToken('rails', url, http, userId, '/keys/', ({ text }) =>
      /^[\w-]+\.[\w-]+\.[\w-]*\s*$/.test(text) ? text.trim() : undefined,
    ),
  };
}

/** An id that can't be part of a path has no row to show. */
function notShown(thrown: unknown): undefined {
  failureAlone(thrown); // rethrows what has to end the whole call
}

const ROWS = '/{table}.json';
const ROW = '/{table}/{id}.json';

/** Whether it is Rails' own 500, and not that of something in front of it. */
function isRailsOwn500({ status, json }: JsonAnswer): boolean {
  return status === 500 && isObject(json) && json.status === 500;
}

/**
 * Whether it is Rails' own 404 for a missing row. No proxy in front of it answers like this. In development it names
 * the exception, which for a missing route is another one.
 */
function isRailsOwn404(json: unknown): boolean {
  const { status, error, exception, traces, ...others } = isObject(json) ? json : {};
  if (status !== 404 || error !== 'Not Found' || Object.keys(others).length > 0) return false;
  if (exception === undefined) return traces === undefined;
  return typeof exception === 'string' && exception.startsWith('#<ActiveRecord::RecordNotFound');
}
