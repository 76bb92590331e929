import { optionChecks } from '../check-options.ts';
import { perEntry } from '../combine/per-entry.ts';
import { skipEmptyPatches } from '../combine/skip-empty.ts';
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
import { isReadAs, isWholeNumber } from './read-as-number.ts';
import { readRefusal, statusIn } from './refusal-in-body.ts';
import { fillPath, joinUrl } from './row-path.ts';
import { checkRoute, type RowRoutes, requestFor } from './row-routes.ts';

/** Options of {@link rowEndpoints}. */
export interface RowEndpointsOptions extends HttpOptions {
  /** Base URL of the backend. The paths of the routes are appended to it. */
  readonly url: string;
  /**
   * How the entries of each table are sent.
   *
   * @default `PUT`, `PATCH` and `DELETE` to `/{table}/{id}`, for all tables
   */
  readonly routes?: RowRoutes | undefined;
  /**
   * Number of requests that may be sent at the same time, a whole number from 1. With 1, entries are sent in queue
   * order. With more, different rows are written in parallel and out of order, but never two entries of the same row:
   * only for tables that don't refer to each other.
   *
   * @default 1
   */
  readonly concurrency?: number | undefined;
  /**
   * Decides whether a 404 (or 410) means that the row is gone: true or false, or undefined to decide like the default.
   *
   * @default true if the JSON has a code for a missing row (`NOT_FOUND`, `todo_not_found`, `P2025` …) or the entry's id
   */
  readonly isMissingRow?:
    | ((answer: JsonAnswer) => boolean | undefined | Promise<boolean | undefined>)
    | undefined;
  /**
   * Reads every answer, including refusals. Returns the outcome of the entry, or undefined to read it like the default.
   * May throw an `UploadError`.
   *
   * @default read as described at {@link rowEndpoints}
   */
  readonly decode?:
    | ((answer: JsonAnswer, entry: UploadEntry) => RowOutcome | undefined | Promise<RowOutcome | undefined>)
    | undefined;
  /**
   * Meaning of your backend's own codes in an error payload or in the body of a refusal.
   *
   * @default only SQLSTATEs and codes of the reference write API are known
   */
  readonly errorCodes?: ErrorCodes | undefined;
  /**
   * Name of a header for the idempotency key of each entry, such as `'Idempotency-Key'`. Browsers send it only if the
   * backend's CORS set-up allows it.
   *
   * @default no header
   */
  readonly idempotencyHeader?: string | undefined;
}

/** Outcome of one entry. */
export type RowOutcome = Exclude<Outcome, { readonly status: 'skipped' | 'not_attempted' }>;

/**
 * Transport for REST resources: one request for each entry, in queue order.
 *
 * A transaction isn't atomic then. If an entry fails, the entries that were applied before it are remembered (in
 * memory): a retry continues behind them, and a rejection lists them (`appliedEntries`). After a restart of the app,
 * applied entries may be sent again, so the backend must accept a repeat.
 *
 * - Applied: 204, 201, or a 2xx with JSON that is the row or has no error payload (see {@link readErrorPayload}). With
 *   any other 2xx, the write stays queued.
 * - 404 (or 410) on DELETE: applied, because the row is gone. On PATCH: rejected as `not_found`. Both only if the
 *   answer says that the row is missing (`isMissingRow`). If it doesn't, the code is `unclassified`, because an ingress
 *   answers 404 during a deployment: the write is tried at least ten times over fifteen minutes, then rejected.
 * - 404 (or 410) on PUT: the code is `misconfigured`, and the write stays queued. But if the answer says that a row is
 *   missing, the code is `unclassified` too.
 * - Any other status: the error code of the HTTP status. The breaker counts such refusals.
 * - A PATCH without columns is not sent.
 * - The ids must be the server's own. If its id column is an integer, Rails, PHP and MySQL read `3f2c…` as 3, and change or
 *   delete row 3. If the answer shows it (JSON with the other `id`), the write is rejected as `not_found`, and only whole
 *   numbers are sent as ids of that table until a restart. A 204 shows nothing, so the row is lost.
 *
 * @throws TypeError if an option is missing, unknown or out of range. The message names the option.
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
  /** Tables in which the server has read an id as the number of another row. */
  const numbered = new Set<string>();

  async function read(answer: JsonAnswer, entry: UploadEntry, byId: boolean): Promise<RowOutcome> {
    const outcome = await decode(answer, entry);
    if (outcome != null) return outcome;
    if (!isSuccess(answer)) return readFailure(answer, entry);
    if (!byId || !isObject(answer.json) || !isReadAs(entry.id, answer.json.id))
      return readSuccess(answer, entry);
    numbered.add(entry.table);
    const { status, json } = answer;
    return { status: 'rejected', error: anotherRow(entry.table, status), details: json };
  }

  async function readSuccess(answer: JsonAnswer, entry: UploadEntry): Promise<RowOutcome> {
    const { status, text, json } = answer;
    if (status === 204 || status === 205 || (status === 201 && text === '')) return { status: 'applied' };
    if (json === undefined) throw notTheContract(status, text === '' ? 'empty' : 'not JSON');
    for (const each of Array.isArray(json) ? json : [json]) {
      if (isRowOf(entry, each)) continue;
      const isRow = each?.id != null; // with an id that the server chose
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
      return rejected(new UploadError('not_found', 'The backend no longer has this row.', { status }));
    // A PUT creates the row, so the row can't be missing; a parent row in its path may be.
    return rejected(own ?? (isGone || entry.op !== 'PUT' ? mayBeMissing(answer) : refusalOf(answer)));
  }

  const transport = perEntry(
    async (entry, context) => {
      const { op } = entry;
      const { path, ...ask } = await requestFor(routes, entry);
      const byId = op !== 'PUT' || ask.method.toUpperCase() !== 'POST';
      if (byId && numbered.has(entry.table) && !isWholeNumber(entry.id)) throw notANumber(entry.table);
      const request = {
        ...ask,
        url: joinUrl(url, fillPath(path, entry)),
        ...(idempotencyHeader !== undefined && { headers: { [idempotencyHeader]: context.key } }),
      };
      return read(withJson(await client(request, context)), entry, byId);
    },
    { concurrency },
  );
  return Object.assign(skipEmptyPatches(transport), { url });
}

const MAKE_TEXT_IDS = 'Make the id column of the table text or UUID, as the ids of the app are';

/** The error if the server has read the id as the number of another row, and changed that one. */
export function anotherRow(table: string, status: number): UploadError {
  return new UploadError(
    'not_found',
    `The backend has no row of "${table}" with this id. It read the id as a number, and changed another row, whose number the ` +
      `answer has. ${MAKE_TEXT_IDS}, and restore that row.`,
    { status },
  );
}

function notANumber(table: string): UploadError {
  return new UploadError(
    'misconfigured',
    `The backend has read an id of "${table}" as the number of another row, so only whole numbers are sent to it as ids until ` +
      `the app restarts. Nothing was sent. ${MAKE_TEXT_IDS}. The writes stay queued.`,
  );
}

/**
 * Whether the JSON is the row, with all columns that were sent. Then it isn't an error payload, whatever its columns.
 */
function isRowOf({ id, opData = {} }: UploadEntry, json: unknown): boolean {
  if (!isObject(json) || json.id == null) return false;
  const sent = Object.entries(opData);
  const isSame = String(json.id) === id; // The server may format values in its own way.
  return (
    sent.length > 0 &&
    sent.every(([name, value]) =>
      isSame ? Object.hasOwn(json, name) : JSON.stringify(json[name]) === JSON.stringify(value),
    )
  );
}

function resolve(options: RowEndpointsOptions) {
  const { object, fn, count, noOthers } = optionChecks('rowEndpoints');
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
  } = object('options', options, 'an object with url');
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
