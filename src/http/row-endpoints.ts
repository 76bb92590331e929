import { isObject } from '../json.ts';
import { optionChecks } from '../option-checks.ts';
import { isSuccess, notTheContract, refusalOf } from '../outcome/http-answer.ts';
import type { Outcome } from '../outcome/outcome.ts';
import { UploadError } from '../outcome/upload-error.ts';
import { perEntry } from '../per-entry/per-entry.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Transport } from '../transport.ts';
import { type ErrorCodes, refusalByCode } from '../write-api/read-results.ts';
import { createHttpClient, type HttpOptions } from './http-client.ts';
import { checkErrorCodes, checkHeaderName, checkHttpOptions } from './http-options.ts';
import { type JsonAnswer, withJson } from './json-answer.ts';
import { fillPath, joinUrl } from './row-path.ts';
import { checkRoute, type RowRoutes, requestFor } from './row-routes.ts';

/** Options of {@link rowEndpoints}. */
export interface RowEndpointsOptions extends HttpOptions {
  /** What the paths of the routes stand behind. */
  readonly url: string;
  /** How the entries of each table are sent. Default: `PUT`, `PATCH` and `DELETE` to `/{table}/{id}` for all tables. */
  readonly routes?: RowRoutes | undefined;
  /**
   * Requests under way at once. Default 1: everything in the order of the queue. With more, rows are written in parallel
   * and so not in order, but never two entries of one row: only for tables that don't refer to each other.
   */
  readonly concurrency?: number | undefined;
  /**
   * Tells whether a 404 (or 410) says that the row is gone, rather than that there is no such route. Default: it does
   * once a request for the same table has succeeded since the app started.
   */
  readonly isMissingRow?: ((answer: JsonAnswer) => boolean) | undefined;
  /**
   * Reads any answer, also a refusal: the outcome of the entry, or undefined for the default. May throw an `UploadError`.
   */
  readonly decode?: ((answer: JsonAnswer, entry: UploadEntry) => RowOutcome | undefined) | undefined;
  /** What codes in an error payload, or in the body of a refusal, mean. Default: the error table by status. */
  readonly errorCodes?: ErrorCodes | undefined;
  /** Name of a header for the idempotency key of each entry, such as `'Idempotency-Key'`. Default: none. */
  readonly idempotencyHeader?: string | undefined;
}

/** What an answer says of one entry. */
export type RowOutcome = Exclude<Outcome, { readonly status: 'not_attempted' }>;

/**
 * The upload transport for REST resources: one request for each entry, in order.
 *
 * A transaction isn't atomic then. When an entry fails, what was applied before it is remembered, so that a retry goes on
 * behind it, and a rejection tells of it (`appliedEntries`). After a restart of the app, applied entries may be sent once
 * more, so the backend must take a replay.
 *
 * - Applied: 204, 201, or a 2xx with JSON that is no error payload. Any other 2xx says nothing, and keeps the write.
 * - 404 on DELETE: applied, the row is gone. 404 on PATCH: rejected as `not_found`. Both only where the route is known to
 *   work (`isMissingRow`); else it is `misconfigured`, and kept.
 * - Any other status: by the error table. Such refusals are counted by the breaker.
 * - A PATCH without columns is not sent.
 *
 * @throws TypeError naming the option that is missing, misspelt or out of range.
 *
 * @example
 * ```ts
 * import { rowEndpoints } from 'powersync-backend-connector/http';
 *
 * export const transport = rowEndpoints({
 *   url: 'https://api.example.com/v1',
 *   routes: {
 *     todos: { path: '/lists/{list_id}/todos/{id}', PUT: { method: 'POST', path: '/lists/{list_id}/todos' } },
 *     'audit_*': { path: '/audit/{id}', PATCH: false, DELETE: false },
 *     default: {},
 *   },
 * });
 * ```
 */
export function rowEndpoints(options: RowEndpointsOptions): Transport {
  const { url, routes, concurrency, isMissingRow, decode, errorCodes, idempotencyHeader, ...http } =
    resolve(options);
  const client = createHttpClient(url, http);
  const working = new Set<string>(); // tables

  function read(answer: JsonAnswer, entry: UploadEntry): RowOutcome {
    const outcome = decode(answer, entry);
    if (outcome) return outcome;
    const { status } = answer;
    if (isSuccess(answer)) return readRow(answer, entry, errorCodes);
    const isGone = (status === 404 || status === 410) && (isMissingRow?.(answer) ?? working.has(entry.table));
    if (isGone && entry.op === 'DELETE') return { status: 'applied' };
    const error =
      isGone && entry.op === 'PATCH'
        ? new UploadError('not_found', 'The row is gone at the backend.', { status })
        : (refusalByCode(answer, answer.json, errorCodes) ?? refusalOf(answer));
    return { status: 'rejected', error, details: answer.json, inBand: false };
  }

  const transport = perEntry(
    async (entry, context) => {
      const { op, opData = {}, table } = entry;
      if (op === 'PATCH' && Object.keys(opData).length === 0) return { status: 'applied' };
      const { method, path, body } = requestFor(routes, entry);
      const request = {
        url: joinUrl(url, fillPath(path, entry)),
        method,
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(idempotencyHeader !== undefined && { headers: { [idempotencyHeader]: context.key } }),
      };
      const outcome = read(withJson(await client(request, context)), entry);
      if (outcome.status === 'applied') working.add(table);
      return outcome;
    },
    { concurrency },
  );
  return Object.assign(transport, { url });
}

/** Reads a 2xx. A body that echoes the row is no error payload, whatever its columns are called. */
function readRow(answer: JsonAnswer, { id }: UploadEntry, errorCodes?: ErrorCodes): RowOutcome {
  const { status, text, json } = answer;
  if (status === 204 || status === 205 || (status === 201 && text === '')) return { status: 'applied' };
  if (json === undefined) throw notTheContract(status, text === '' ? 'empty' : 'not JSON');
  if (!isObject(json) || json.id === id) return { status: 'applied' };
  const { success, error, errors } = json;
  const isRefused = success === false || isObject(error) || (Array.isArray(errors) && errors.length > 0);
  if (!isRefused) return { status: 'applied' };
  const refused = new UploadError('invalid', 'The backend refused it in its answer.');
  return { status: 'rejected', error: refusalByCode(answer, json, errorCodes) ?? refused, details: json };
}

function resolve(options: RowEndpointsOptions) {
  const {
    url,
    routes = { default: {} },
    concurrency = 1,
    isMissingRow,
    decode = () => undefined,
    errorCodes,
    idempotencyHeader,
    headers,
    authorization,
    fetch,
    ky,
    ...others
  } = options;
  const { object, fn, count, noOthers } = optionChecks('rowEndpoints');
  noOthers('', others);
  checkHttpOptions('rowEndpoints', options);
  for (const [table, route] of Object.entries(object('routes', routes)))
    checkRoute(table, route, optionChecks('rowEndpoints'));
  count('concurrency', concurrency);
  if (isMissingRow !== undefined) fn('isMissingRow', isMissingRow);
  fn('decode', decode);
  checkErrorCodes('rowEndpoints', errorCodes);
  checkHeaderName('rowEndpoints', idempotencyHeader);
  const http = { headers, authorization, fetch, ky };
  return { url, routes, concurrency, isMissingRow, decode, errorCodes, idempotencyHeader, ...http };
}
