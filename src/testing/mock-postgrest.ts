import { isObject } from '../contract/json.ts';
import { json } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type {
  Executed,
  MockAnswer,
  MockContract,
  MockEntry,
  MockRequest,
  MockTransaction,
} from './mock/contract.ts';
import type { MockBackend, RejectNextOptions } from './mock/mock.ts';
import { resolveMockOptions, type TransactionalMockOptions } from './mock/options.ts';
import { readTransaction } from './mock/write-contract.ts';

/** What {@link mockPostgrest} returns. */
export interface MockPostgrest extends MockBackend {
  /**
   * Refuses the next request, with `{ code, message, details, hint }`.
   *
   * @param code A SQLSTATE or a PGRST code.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /**
       * HTTP status of the refusal.
       *
       * @default the status that PostgREST has for the code
       */
      readonly status?: number | undefined;
    },
  ): void;
}

/**
 * A mock of PostgREST (Supabase, Neon), for `postgrest()`. It knows upserts, updates and deletes of rows by `id`, and
 * calls of an SQL function of any name with `{ idempotency_key, crud }`. It knows no other queries.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { createClient } from '@supabase/supabase-js';
 * import { mockPostgrest } from 'powersync-backend-connector/testing';
 *
 * const api = mockPostgrest({ url: 'https://example.supabase.co/rest/v1' });
 * const client = createClient('https://example.supabase.co', 'key', { global: { fetch: api.fetch } });
 *
 * api.rejectNext('23505');
 * const { error } = await client.from('todos').upsert({ id: 't1', description: 'milk' });
 * ```
 */
export function mockPostgrest(options: TransactionalMockOptions): MockPostgrest {
  return createMockBackend(CONTRACT, resolveMockOptions(CONTRACT.who, options));
}

const CONTRACT: MockContract = {
  who: 'mockPostgrest',
  isPrefix: true,
  unit: 'request',
  refusal: (status, message) =>
    status === 401 ? problem(401, 'PGRST301', message) : json(status, { message }), // from a gateway in front of PostgREST, so without a code
  read(request) {
    const { table, functionName, ids } = placeOf(request);
    if (functionName !== undefined) return readCall(request);
    if (table === undefined) return problem(404, 'PGRST125', 'Invalid path specified in request URL');
    const entries = readEntries(request, table, ids);
    return typeof entries === 'string' ? problem(400, 'PGRST102', entries) : toTransactions(entries);
  },
  rule(entry, exists, request) {
    const isCall = placeOf(request).functionName !== undefined;
    if (!isCall || exists || entry.op !== 'PATCH') return undefined;
    return { code: 'PT409', message: 'the row to change is gone', status: 409 };
  },
  answer(executed) {
    const { request, results } = executed;
    const refused = results.find((result) => result.status === 'rejected');
    if (refused?.status === 'rejected') {
      const { code, message, details, status = statusOf(code) } = refused.rejection;
      return problem(status, code, message, details, `crud[${refused.entryIndex}]`);
    }
    if (placeOf(request).functionName !== undefined) return json(200, { status: 'applied' });
    const status = request.method === 'POST' ? 201 : request.method === 'HEAD' ? 200 : 204;
    return { status, headers: { 'content-range': `*/${rowsIn(executed)}` }, body: '' };
  },
};

function problem(
  status: number,
  code: string,
  message: string,
  details: unknown = null,
  hint: string | null = null,
): MockAnswer {
  return json(status, { code, message, details, hint });
}

const STATUSES: readonly (readonly [RegExp, number])[] = [
  [/^(08|53|57P01|PGRST00[0-2])/, 503],
  [/^(23503|23505)$/, 409],
  [/^(42501|28)/, 403],
  [/^(42P01|42883|PGRST20)/, 404],
  [/^PGRST30/, 401],
  [/^(25|40|55|57|58|P0(?!001)|XX)/, 500],
];

function statusOf(code: string): number {
  return STATUSES.find(([pattern]) => pattern.test(code))?.[1] ?? 400;
}

interface Place {
  readonly table?: string | undefined;
  readonly functionName?: string | undefined;
  /** Ids in the filter on `id`. Undefined if there is no such filter. */
  readonly ids?: readonly string[] | undefined;
}

function placeOf({ path }: MockRequest): Place {
  const [way = '', query = ''] = path.split('?');
  const [first, second, ...others] = way.split('/').filter(Boolean).map(decodeURIComponent);
  if (others.length > 0) return {};
  if (first === 'rpc' && second !== undefined) return { functionName: second };
  if (second !== undefined) return {};
  return { table: first, ids: idsIn(new URLSearchParams(query).get('id')) };
}

/** Returns the ids in `eq.a` or in `in.(a,"b,c")`. */
function idsIn(filter: string | null): readonly string[] | undefined {
  if (filter?.startsWith('eq.')) return [filter.slice('eq.'.length)];
  const list = /^in\.\((.*)\)$/s.exec(filter ?? '')?.[1];
  if (list === undefined) return undefined;
  return [...list.matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g)].map(
    ([, quoted, plain]) => quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '',
  );
}

function readCall({ method, body }: MockRequest): readonly MockTransaction[] | MockAnswer {
  if (method !== 'POST') return problem(405, '25006', 'cannot execute in a read-only transaction');
  const transaction = readTransaction(body);
  return typeof transaction === 'string'
    ? problem(400, '22023', `idempotency_key and a list of entries are required: ${transaction}`)
    : [transaction];
}

/**
 * Returns the entries that a request to a table writes, or an error message if the mock doesn't know such a request.
 */
function readEntries(
  { method, body }: MockRequest,
  table: string,
  ids: readonly string[] | undefined,
): readonly MockEntry[] | string {
  switch (method) {
    case 'POST': {
      const rows: readonly unknown[] = Array.isArray(body) ? body : [body];
      const entries = rows.map((row) => readRow(row, table));
      return entries.every((entry) => entry !== undefined) ? entries : 'The mock needs rows with an id';
    }
    case 'PATCH':
      if (!ids || !isObject(body)) return 'The mock needs columns, and a filter on id';
      return ids.map((id) => ({ op: method, table, id, opData: body }));
    case 'DELETE':
      return ids ? ids.map((id) => ({ op: method, table, id })) : 'The mock needs a filter on id';
    case 'HEAD':
      return ids ? [] : 'The mock needs a filter on id';
    default:
      return `The mock knows no ${method}`;
  }
}

function readRow(row: unknown, table: string): MockEntry | undefined {
  if (!isObject(row) || typeof row.id !== 'string') return undefined;
  const { id, ...opData } = row;
  return { op: 'PUT', table, id: row.id, opData };
}

function toTransactions(entries: readonly MockEntry[]): readonly MockTransaction[] {
  return entries.length > 0 ? [{ entries }] : [];
}

/** Returns the number of rows that a request wrote or found. */
function rowsIn({ request, results: [result], tables }: Executed): number {
  if (result?.status === 'applied') return result.written;
  const { table = '', ids = [] } = placeOf(request);
  return ids.filter((id) => tables[table]?.[id]).length;
}
