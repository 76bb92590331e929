import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import {
  type Transport,
  type TransportContext,
  type UploadBatch,
  type UploadEntry,
  UploadError,
  type UploadTransaction,
} from 'powersync-backend-connector';
import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import { readBody, startLocalServer } from '../support/service-stand-in/local-server.ts';

export const URL_OF_API = 'https://api.test/api/data';

// ---- batches ----------------------------------------------------------------------------------------------------

export function put(id: string, opData: Record<string, unknown> = { name: id }): UploadEntry {
  return { clientId: 1, op: 'PUT', table: 'lists', id, opData };
}

/** One transaction; without entries, a single insert. */
export function transaction(name: string, ...entries: UploadEntry[]): UploadTransaction {
  return { key: `key-of-${name}`, transactionId: 7, entries: entries.length ? entries : [put(name)] };
}

export function batch(...transactions: (UploadTransaction | string)[]): UploadBatch {
  return {
    transactions: transactions.map((each) => (typeof each === 'string' ? transaction(each) : each)),
  };
}

export function context(changes: Partial<TransportContext> = {}): TransportContext {
  return {
    signal: new AbortController().signal,
    attempt: 1,
    clientId: 'client',
    token: async () => 'jwt',
    ...changes,
  };
}

/** What the connector makes of a transport that throws. */
export async function failureOf(delivery: ReturnType<Transport>): Promise<UploadError> {
  const outcome = await delivery.then(
    (outcomes) => new Error(`The transport returned ${JSON.stringify(outcomes)} instead of throwing`),
    UploadError.from,
  );
  if (!(outcome instanceof UploadError)) throw outcome;
  return outcome;
}

// ---- the write API, answered by msw --------------------------------------------------------------------------------

export interface WrittenEntry {
  id: string;
  op: string;
  table: string;
  transaction_id?: number;
  op_data?: Record<string, unknown>;
  previous_values?: Record<string, unknown>;
  metadata?: string;
}

export interface SeenRequest {
  method: string;
  headers: Headers;
  /** The body as it came over the wire. */
  text: string;
  transactions: { transaction_id?: number; idempotency_key: string; crud: WrittenEntry[] }[];
  /** The `description` of the first entry of each transaction. */
  names: string[];
}

export type Answer = (request: SeenRequest) => Response | Promise<Response>;

/** Answers `POST` to {@link URL_OF_API} for the tests of a file. Applies everything, until told otherwise. */
export function serveWriteApi() {
  const requests: SeenRequest[] = [];
  let answer: Answer = applyAll;
  const server = setupServer(
    http.post(URL_OF_API, async ({ request }) => {
      const text = await request.text();
      const { transactions } = JSON.parse(text) as SeenRequest;
      const names = transactions.map(({ crud }) => String(crud[0]?.op_data?.description));
      const seen = { method: request.method, headers: request.headers, text, transactions, names };
      requests.push(seen);
      return answer(seen);
    }),
  );
  beforeAll(() => server.listen({ onUnhandledFrame: 'error' }));
  afterEach(() => {
    requests.length = 0;
    answer = applyAll;
  });
  afterAll(() => server.close());
  return {
    requests,
    answers(next: Answer | Response) {
      answer = typeof next === 'function' ? next : () => next.clone();
    },
    /** The only request that came. */
    request(): SeenRequest {
      const [first] = requests;
      if (!first || requests.length !== 1) throw new Error(`There were ${requests.length} requests, not one`);
      return first;
    },
  };
}

export const success = { status: 'success' };

export function fatal(error_code: string, changes: Record<string, unknown> = {}) {
  return {
    status: 'fatal_error',
    requires_client_handling: false,
    failed_operation: { error_code },
    ...changes,
  };
}

export function results(...all: unknown[]): Response {
  return HttpResponse.json({ results: all });
}

export const applyAll: Answer = ({ transactions }) => results(...transactions.map(() => success));

/** 200 with the result that `pick` has for the name of each transaction; `success` where it has none. */
export function each(pick: (name: string) => unknown): Answer {
  return ({ names }) => results(...names.map((name) => pick(name) ?? success));
}

/** Refuses a whole request that holds one of these names. */
export function refusing(bad: readonly string[], status = 400): Answer {
  return (request) =>
    request.names.some((name) => bad.includes(name)) ? refusal(status) : applyAll(request);
}

export function refusal(status: number, headers: Record<string, string> = {}): Response {
  return HttpResponse.json({ message: `words of the backend: ${status}` }, { status, headers });
}

export function page(status: number): Response {
  return HttpResponse.html('<!doctype html><title>Welcome</title><p>words of a web page</p>', { status });
}

// ---- real servers ---------------------------------------------------------------------------------------------------

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A real HTTP server for one test. The handler gets each request after it was read to its end. */
export async function startServer(
  handler: (response: ServerResponse, request: ReceivedRequest) => void,
  { beforeBody }: { beforeBody?: (request: IncomingMessage) => boolean } = {},
) {
  const requests: ReceivedRequest[] = [];
  const server = await startLocalServer(async (incoming, response) => {
    if (beforeBody?.(incoming)) return;
    const request = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: (await readBody(incoming)).toString(),
    };
    requests.push(request);
    handler(response, request);
  });
  onTestFinished(() => server.close());
  return { url: server.url, requests, close: server.close };
}

export function respond(response: ServerResponse, status: number, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json' }).end(text);
}

/** Applies every transaction of a request to a real server. */
export function respondApplied(response: ServerResponse, { body }: ReceivedRequest): void {
  const { transactions } = JSON.parse(body) as { transactions: unknown[] };
  respond(response, 200, { results: transactions.map(() => success) });
}

// ---- secrets --------------------------------------------------------------------------------------------------------

/** Everything that a logger could print of an error: what it inherits, hides and refers to. */
export function everythingIn(error: unknown): string {
  const parts: string[] = [inspect(error, { depth: null, showHidden: true, maxStringLength: null })];
  for (let each = error; each instanceof Error; each = each.cause) {
    parts.push(each.name, each.message, each.stack ?? '', JSON.stringify(each));
    for (const name of Object.getOwnPropertyNames(each)) {
      const value: unknown = Reflect.get(each, name);
      parts.push(inspect(value, { depth: null }));
      if (value instanceof Request) parts.push(JSON.stringify([...value.headers]));
    }
  }
  return parts.join('\n');
}
