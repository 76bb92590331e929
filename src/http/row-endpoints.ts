import { optionChecks } from '../check-options.ts';
import { perEntry } from '../combine/per-entry.ts';
import { isSuccess, notTheContract, refusalOf } from '../contract/http-answer.ts';
import { isObject } from '../contract/json.ts';
import { type ErrorCodes, refusalByCode } from '../contract/read-results.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';
import { createHttpClient, type HttpOptions } from './http-client.ts';
import { checkErrorCodes, checkHeaderName, checkHttpOptions } from './http-options.ts';
import { type JsonAnswer, withJson } from './json-answer.ts';
import { hasMissingCode, mayBeMissing, saysMissing } from './missing-row.ts';
import { readRefusal, statusIn } from './refusal-in-body.ts';
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
   * Tells whether a 404 (or 410) says that the row is gone (true), or not (false); undefined for the default: it does where
   * it has a code for that in JSON (`NOT_FOUND`, `todo_not_found`, `P2025` and such), or the id of the entry.
   */
  readonly isMissingRow?:
    | ((answer: JsonAnswer) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /**
   * Reads any answer, also a refusal: the outcome of the entry, or undefined for the default. May throw an `UploadError`.
   */
  readonly decode?:
    | ((answer: JsonAnswer, entry: UploadEntry) => RowOutcome | undefined | Promise<RowOutcome | undefined>)
    | undefined;
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
 * - Applied: 204, 201, or a 2xx with JSON that is the row, or no error payload. An error payload is what
 *   {@link readErrorPayload} takes for one. Any other 2xx says nothing, and keeps the write.
 * - 404 on DELETE: applied, the row is gone. 404 on PATCH: rejected as `not_found`. Both only where the answer itself says
 *   that it is the row that is missing (`isMissingRow`); else it is `unclassified`: an ingress answers so during a
 *   deployment. Tried ten times over fifteen minutes or more, then rejected. 404 on PUT is `misconfigured`, and kept,
 *   unless it says that a row is missing: then it is `unclassified`, too.
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

  async function read(answer: JsonAnswer, entry: UploadEntry): Promise<RowOutcome> {
    const outcome = await decode(answer, entry);
    if (outcome != null) return outcome;
    return isSuccess(answer) ? readSuccess(answer, entry) : readFailure(answer, entry);
  }

  async function readSuccess(answer: JsonAnswer, entry: UploadEntry): Promise<RowOutcome> {
    const { status, text, json } = answer;
    if (status === 204 || status === 205 || (status === 201 && text === '')) return { status: 'applied' };
    if (json === undefined) throw notTheContract(status, text === '' ? 'empty' : 'not JSON');
    for (const each of Array.isArray(json) ? json : [json]) {
      if (isRowOf(entry, each)) continue;
      const isRow = each?.id != null; // with an id of the server's
      const refusal = readRefusal({ ...answer, json: each }, errorCodes, isRow);
      if (!refusal) continue;
      if (hasMissingCode(each, entry)) return readFailure({ ...answer, json: each, status: 404 }, entry);
      const told = statusIn(each, isRow);
      if (!refusal.inBand && told) return readFailure({ ...answer, json: each, status: told }, entry);
      return { status: 'rejected', ...refusal, details: each };
    }
    return { status: 'applied' };
  }

  async function readFailure(answer: JsonAnswer, entry: UploadEntry): Promise<RowOutcome> {
    const { status, json } = answer;
    const own = refusalByCode(answer, json, errorCodes);
    const rejected = (error: UploadError): RowOutcome => ({
      status: 'rejected',
      error,
      details: json,
      inBand: false,
    });
    if (status !== 404 && status !== 410) return rejected(own ?? refusalOf(answer));
    const said: unknown = await isMissingRow?.(answer);
    if (said !== undefined && typeof said !== 'boolean') {
      throw new UploadError(
        'misconfigured',
        'isMissingRow() must return true, false, or undefined for the default. The writes stay queued.',
      );
    }
    const isGone = said ?? (own ? own.code === 'not_found' : saysMissing(answer, entry));
    if (isGone && entry.op === 'DELETE') return { status: 'applied' };
    if (isGone && entry.op === 'PATCH')
      return rejected(new UploadError('not_found', 'The row is gone at the backend.', { status }));
    // A row that is made can't be gone, but what its path leads through may be.
    return rejected(own ?? (isGone || entry.op !== 'PUT' ? mayBeMissing(answer) : refusalOf(answer)));
  }

  const transport = perEntry(
    async (entry, context) => {
      const { op, opData = {} } = entry;
      if (op === 'PATCH' && Object.keys(opData).length === 0) return { status: 'applied' };
      const { path, ...ask } = await requestFor(routes, entry);
      const request = {
        ...ask,
        url: joinUrl(url, fillPath(path, entry)),
        ...(idempotencyHeader !== undefined && { headers: { [idempotencyHeader]: context.key } }),
      };
      return read(withJson(await client(request, context)), entry);
    },
    { concurrency },
  );
  return Object.assign(transport, { url });
}

/** Whether it echoes the row, with all that was sent: then it is no error payload, whatever its columns are called. */
function isRowOf({ id, opData = {} }: UploadEntry, json: unknown): boolean {
  if (!isObject(json) || json.id == null) return false;
  const sent = Object.entries(opData);
  const isSame = String(json.id) === id; // The server may have its own form of the values.
  return (
    sent.length > 0 &&
    sent.every(([name, value]) =>
      isSame ? Object.hasOwn(json, name) : JSON.stringify(json[name]) === JSON.stringify(value),
    )
  );
}

function resolve(options: RowEndpointsOptions) {
  const {
    url,
    routes = { default: {} },
    concurrency = 1,
    isMissingRow,
    decode = () => undefined,
    errorCodes = {},
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
