import { optionChecks } from '../check-options.ts';
import { isObject } from '../contract/json.ts';
import { json, message } from './mock/answers.ts';
import { createMockBackend } from './mock/backend.ts';
import type { MockContract, MockEntry, MockRejection, MockRequest } from './mock/contract.ts';
import type { MockBackend, RejectNextOptions } from './mock/mock.ts';
import { type MockOptions, resolveMockOptions } from './mock/options.ts';

/** A request: the argument of the option `read` of {@link mockRowEndpoints}. */
export interface MockRowRequest {
  /** HTTP method of the request. */
  readonly method: string;
  /** Decoded segments of the path after the mock's URL, such as `['todos', 'a1']`. */
  readonly path: readonly string[];
  /** The parsed JSON body. Undefined if there is none. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the app's own routes sent.
  readonly body: any;
}

/** Options of {@link mockRowEndpoints}. */
export interface MockRowEndpointsOptions extends MockOptions {
  /**
   * Reads a request, for transports with their own `routes`. Return undefined if there is no such route: the mock then
   * answers 404.
   *
   * @default reads `PUT`, `PATCH` and `DELETE` of `/{table}/{id}`
   */
  readonly read?: ((request: MockRowRequest) => MockEntry | undefined) | undefined;
  /**
   * Header with the idempotency key of an entry.
   *
   * @default 'Idempotency-Key'
   */
  readonly idempotencyHeader?: string | undefined;
}

/** What {@link mockRowEndpoints} returns. */
export interface MockRowEndpoints extends MockBackend {
  /**
   * Refuses the next request, with `{ code, message, details }`.
   *
   * @param code A code of your backend.
   */
  rejectNext(
    code: string,
    options?: RejectNextOptions & {
      /**
       * HTTP status of the refusal.
       *
       * @default 422
       */
      readonly status?: number | undefined;
    },
  ): void;
}

/**
 * A mock of REST resources, for `rowEndpoints()`: one request for each entry. It answers a write with the row, and a
 * deletion with 204. It answers PATCH and DELETE of a missing row with 404.
 *
 * @throws TypeError if an option is missing, misspelt or out of range. The message names the option.
 *
 * @example
 * ```ts
 * import { rowEndpoints } from 'powersync-backend-connector/http';
 * import { mockRowEndpoints } from 'powersync-backend-connector/testing';
 *
 * const api = mockRowEndpoints({ url: 'https://api.example.com/v1' });
 * const transport = rowEndpoints({ url: api.url, fetch: api.fetch });
 *
 * api.rejectNext('TITLE_TOO_LONG', { where: ({ table }) => table === 'todos' });
 * ```
 */
export function mockRowEndpoints(options: MockRowEndpointsOptions): MockRowEndpoints {
  const { read = readRow, idempotencyHeader = 'Idempotency-Key', ...others } = options;
  const { wrong, fn } = optionChecks('mockRowEndpoints');
  fn('read', read);
  if (typeof idempotencyHeader !== 'string')
    wrong('idempotencyHeader', 'the name of a header', idempotencyHeader);
  const contract: MockContract = {
    who: 'mockRowEndpoints',
    isPrefix: true,
    unit: 'request',
    refusal: message,
    read(request) {
      const entry = read(toRowRequest(request));
      if (!entry) return message(404, `Cannot ${request.method} here`);
      const key = request.headers[idempotencyHeader.toLowerCase()];
      return [{ ...(key !== undefined && { key }), entries: [entry] }];
    },
    rule: missingRow,
    answer({ transactions: [transaction], results: [result] }) {
      const entry = transaction?.entries[0];
      if (result?.status === 'rejected') {
        const { code, message, details, status = 422 } = result.rejection;
        return json(status, { code, message, details });
      }
      if (entry?.op === 'DELETE') return { status: 204, headers: {}, body: '' };
      return json(200, { ...entry?.opData, id: entry?.id });
    },
  };
  return createMockBackend(contract, resolveMockOptions(contract.who, others));
}

function missingRow({ op }: MockEntry, exists: boolean): MockRejection | undefined {
  if (op === 'PUT' || exists) return undefined;
  return { code: 'NOT_FOUND', message: 'There is no such row.', status: 404 };
}

function toRowRequest({ method, path, body }: MockRequest): MockRowRequest {
  const segments = (path.split('?')[0] ?? '').split('/').filter(Boolean);
  return { method, path: segments.map(decode), body };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function readRow({ method, path: [table, id, ...others], body }: MockRowRequest): MockEntry | undefined {
  if (table === undefined || id === undefined || others.length > 0) return undefined;
  if (method === 'DELETE') return { op: method, table, id };
  if ((method !== 'PUT' && method !== 'PATCH') || !isObject(body)) return undefined;
  const { id: _, ...opData } = body;
  return { op: method, table, id, opData };
}
