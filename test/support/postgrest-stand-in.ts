/**
 * A stand-in for PostgREST, for tests and the demo. It is not PostgREST. It implements enough of its protocol for the
 * real clients (supabase-js, postgrest-js) to write over real HTTP into a real Postgres (PGlite). Roles, grants,
 * row-level security, constraints and triggers are those of Postgres: each request runs in a transaction with `set
 * local role` and `request.jwt.claims`, as in PostgREST.
 *
 * It implements
 * - `POST /rest/v1/<table>`: insert and upsert of one row or several, with `columns` and `on_conflict`; `PATCH`, `DELETE`,
 *   `GET` and `HEAD` with the filters `eq.` and `in.`; `Prefer: count=exact` with `Content-Range`.
 * - `POST /rest/v1/rpc/<function>` with named arguments and a scalar result.
 * - errors with PostgREST's body `{ code, message, details, hint }` and its status for each SQLSTATE; the codes PGRST100,
 *   102, 117, 125, 202, 204, 205, 301.
 *
 * It leaves out other filters and operators, embedding, ranges, `return=representation`, `missing=default`, media types,
 * schemas but one, the schema cache (names are looked up in the catalog), GUCs for status and headers, OpenAPI, CORS.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PGlite } from '@electric-sql/pglite';
import { answerTo } from './postgrest-stand-in/answer.ts';
import { type Claims, PostgrestError, postgresError } from './postgrest-stand-in/errors.ts';
import { readBody, startLocalServer } from './service-stand-in/local-server.ts';

export type { Claims } from './postgrest-stand-in/errors.ts';

export interface PostgrestStandInOptions {
  /** It must have the roles `anon` and `authenticated`: see `SUPABASE_ROLES`. It isn't closed here. */
  database: PGlite;
  /** Returns the claims of a valid token, and throws for any other. The claim `role` is the database role. */
  verifyToken: (token: string) => Claims | Promise<Claims>;
  /**
   * The anonymous key. It is required in the header `apikey`; as a token it means the role `anon`. Default: not
   * required.
   */
  anonKey?: string;
  /** Default `public`. */
  schema?: string;
  /** Default: a free port. */
  port?: number;
}

/**
 * What goes wrong with the next request:
 *
 * - `html`: instead of PostgREST's answer, a page with status 200. The request is not executed.
 * - `unavailable`: PostgREST's 503 while the database is down.
 * - `drop`: the request is executed, but the connection ends before the answer.
 * - an answer: it is sent instead. The request is not executed.
 */
export type Fault =
  | 'html'
  | 'unavailable'
  | 'drop'
  | { status: number; body?: string; headers?: Record<string, string> };

export interface PostgrestRequest {
  method: string;
  /** Decoded and without `/rest/v1/`: `todos`, `rpc/powersync_upload`. */
  path: string;
  /** With its question mark, unchanged. */
  query: string;
  /** The parsed body. Undefined if there was none. */
  body: unknown;
  headers: IncomingMessage['headers'];
  status: number;
}

export interface PostgrestStandIn {
  /** The URL of the project, for `createClient`. PostgREST is at `/rest/v1` below it. */
  url: string;
  /** Faults of the next requests, one each. */
  failNext(...faults: Fault[]): void;
  /** While on, the server can't be reached. */
  cut(on: boolean): void;
  /** All requests, in order. */
  requests: PostgrestRequest[];
  close(): Promise<void>;
}

export async function startPostgrestStandIn(options: PostgrestStandInOptions): Promise<PostgrestStandIn> {
  const { database, verifyToken, anonKey, schema = 'public', port } = options;
  const requests: PostgrestRequest[] = [];
  const faults: Fault[] = [];

  async function authenticate({ headers }: IncomingMessage): Promise<Claims> {
    // The gateway in front of PostgREST checks the key, and has its own form of refusal.
    if (anonKey !== undefined && headers.apikey !== anonKey) throw new GatewayRefusal();
    const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined || token === anonKey) return { role: 'anon' };
    try {
      return { role: 'authenticated', ...(await verifyToken(token)) };
    } catch {
      throw new PostgrestError(401, 'PGRST301', 'No suitable key or wrong key type');
    }
  }

  const server = await startLocalServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    const segments = url.pathname
      .replace(/^\/rest\/v1\//, '')
      .split('/')
      .map(decodeURIComponent);
    const text = (await readBody(request)).toString();
    const seen = {
      method: request.method ?? '',
      path: segments.join('/'),
      query: url.search,
      body: text === '' ? undefined : JSON.parse(text),
      headers: request.headers,
      status: 0,
    };
    requests.push(seen);
    response.on('finish', () => {
      seen.status = response.statusCode;
    });
    const fault = faults.shift();
    if (fault !== undefined && fault !== 'drop') return answerFault(response, fault);
    const claims = await authenticate(request).catch((error: unknown) => error);
    const answer =
      claims instanceof Error
        ? { error: claims }
        : await answerTo(database, { ...seen, segments, url, text, schema, claims: claims as Claims }).catch(
            (error: unknown) => ({ error: postgresError(error, claims as Claims) }),
          );
    if (fault === 'drop') return void request.socket.destroy();
    if ('error' in answer) return answerError(response, answer.error);
    const { status, headers, body = '' } = answer;
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(body);
  }, port);

  return {
    url: server.url,
    failNext: (...next) => void faults.push(...next),
    cut(on) {
      server.refuseConnections(on);
      if (on) server.dropConnections();
    },
    requests,
    close: server.close,
  };
}

class GatewayRefusal extends Error {}

function answerError(response: ServerResponse, error: Error): void {
  const [status, body] =
    error instanceof PostgrestError
      ? [error.status, error.toBody()]
      : error instanceof GatewayRefusal
        ? [401, { message: 'Invalid API key' }]
        : [500, { message: String(error) }];
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

function answerFault(response: ServerResponse, fault: Exclude<Fault, 'drop'>): void {
  if (fault === 'html') {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Welcome</title>');
  } else if (fault === 'unavailable') {
    answerError(
      response,
      new PostgrestError(503, 'PGRST000', 'Database connection error. Retrying the connection.'),
    );
  } else {
    response.writeHead(fault.status, fault.headers ?? {}).end(fault.body ?? '');
  }
}
