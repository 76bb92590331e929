import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { unsignedJwt } from 'powersync-backend-connector/testing';
import { onTestFinished } from 'vitest';
import { readBody, startLocalServer } from '../service-stand-in/local-server.ts';
import { createStore, type Store } from './store.ts';

/** A request to a stand-in. */
export interface Asked {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  text: string;
  /** The body as JSON. Undefined if it isn't JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what a client sent.
  json: any;
}

export interface Said {
  status: number;
  /** Sent as JSON unless it is text. */
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
  /** No answer: the connection breaks. */
  dies?: boolean;
}

/** How a stand-in handles CORS. */
export interface Cors {
  /** `Access-Control-Allow-Headers`; `'echo'` allows whatever is asked for. */
  headers: string;
  methods?: string;
}

/** The CORS set-up of the Express demos. */
export const EXPRESS_CORS: Cors = {
  headers: 'X-Requested-With,content-type',
  methods: 'GET, POST, OPTIONS, PUT, PATCH, DELETE',
};

/** What a request is for: `reads` are those of rows, or of anything else that isn't a token. */
export type Kind = 'writes' | 'tokens' | 'reads';

type Instead = Said | undefined | ((asked: Asked) => Said | undefined);

/** A published backend that runs for one test. */
export interface StandIn {
  url: string;
  store: Store;
  requests: Asked[];
  /** The sync tokens that it has issued. If a token is removed from here, it is refused. */
  tokens: Set<string>;
  /** After `after` writes, handles the next `count` writes, but loses their answers. */
  loseReplies(count: number, after?: number): void;
  /**
   * Answers requests of a kind, writes by default, instead of the backend. If the function returns undefined, the backend
   * answers.
   */
  answerInstead(said: Instead, of?: Kind): void;
  /** Calls the listener after each handled write, until you call the returned function. */
  onWrite(listener: () => void): () => void;
  close(): Promise<void>;
}

export interface StandInOptions {
  store?: Store;
  cors?: Cors;
  /** Larger bodies are answered with 413, without CORS headers, as in Express. */
  maxBodyBytes?: number;
  /** Whether a GET isn't for a token. */
  isRead?: (asked: Asked) => boolean;
}

/** Starts the stand-in for a backend on 127.0.0.1, until the test ends. */
export async function startStandIn(
  handle: (asked: Asked, standIn: StandIn) => Said | Promise<Said>,
  { store = createStore(), cors, maxBodyBytes, isRead = () => false }: StandInOptions = {},
): Promise<StandIn> {
  const listeners = new Set<() => void>();
  let [before, lost] = [0, 0];
  const insteadOf: Partial<Record<Kind, Instead>> = {};
  const server = await startLocalServer(async (incoming, response) => {
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://stand-in');
    const text = (await readBody(incoming)).toString();
    const asked: Asked = {
      method: incoming.method ?? '',
      path: pathname,
      query: searchParams,
      headers: incoming.headers,
      text,
      json: parse(text),
    };
    standIn.requests.push(asked);
    const isExpress = maxBodyBytes !== undefined;
    if (isExpress && Buffer.byteLength(text) > maxBodyBytes) return send(response, errorPage(413));
    if (isExpress && text !== '' && asked.json === undefined) return send(response, errorPage(400));
    if (cors) allow(response, cors, asked);
    if (asked.method === 'OPTIONS') return send(response, { status: cors ? 200 : 405 });
    const asksForToken = asked.method === 'GET' || asked.path === '/auth/login';
    const kind: Kind = isRead(asked) ? 'reads' : asksForToken ? 'tokens' : 'writes';
    const instead = insteadOf[kind];
    const said = (typeof instead === 'function' ? instead(asked) : instead) ?? (await handle(asked, standIn));
    if (kind === 'writes') for (const listener of listeners) listener();
    const isLost = kind === 'writes' && lost > 0 && before-- <= 0 && lost-- > 0;
    if (said.dies || isLost) {
      response.destroy();
      return;
    }
    send(response, said);
  });
  const standIn: StandIn = {
    url: server.url,
    store,
    requests: [],
    tokens: new Set(),
    loseReplies(count, after = 0) {
      [before, lost] = [after, count];
    },
    answerInstead(said, of = 'writes') {
      insteadOf[of] = said;
    },
    onWrite(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: server.close,
  };
  onTestFinished(() => server.close());
  return standIn;
}

/** A new token for sync. */
export function issueToken({ tokens }: StandIn, sub: string | null, lifetimeS: number): string {
  const iat = Math.floor(Date.now() / 1000);
  const token = unsignedJwt({ sub, iat, exp: iat + lifetimeS, jti: `${tokens.size + 1}` });
  tokens.add(token);
  return token;
}

export function bearerOf({ headers }: Asked): string | undefined {
  return /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export const NOT_FOUND: Said = { status: 404, type: 'text/html', body: '<pre>Cannot be found</pre>' };

function errorPage(status: number): Said {
  return { status, type: 'text/html; charset=utf-8', body: `<!DOCTYPE html><pre>Error ${status}</pre>` };
}

function allow(response: ServerResponse, { headers, methods }: Cors, asked: Asked): void {
  response.setHeader('access-control-allow-origin', '*');
  const wanted = asked.headers['access-control-request-headers'];
  const allowed = headers === 'echo' ? wanted : headers;
  if (allowed) response.setHeader('access-control-allow-headers', allowed);
  response.setHeader('access-control-allow-methods', methods ?? 'GET,HEAD,PUT,PATCH,POST,DELETE');
}

function send(response: ServerResponse, { status, body, type, headers }: Said): void {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const contentType =
    type ?? (body === undefined || typeof body === 'string' ? undefined : 'application/json');
  response.writeHead(status, { ...(contentType && { 'content-type': contentType }), ...headers }).end(text);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
