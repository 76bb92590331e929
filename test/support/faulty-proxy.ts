/**
 * A real HTTP reverse proxy in front of a backend. It can fail in the ways in which networks and servers do. Bodies are
 * passed on as a whole, not streamed. Requested faults wait in a line, and each request takes the first one that
 * matches.
 */
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readBody, startLocalServer } from './service-stand-in/local-server.ts';

export interface ProxiedRequest {
  method: string;
  /** Without the query. */
  path: string;
  /** With its question mark, or empty. */
  query: string;
  headers: IncomingHttpHeaders;
  body: string;
  /** Length of the request's body. */
  bytes: number;
  at: number;
  /** What the client got. `aborted` if the client left before the answer. */
  status: number | 'dropped' | 'hung' | 'offline' | 'aborted';
  /** What the target answered. Absent if the request didn't reach it. */
  targetStatus?: number;
}

export type RequestMatch = (request: { method: string; path: string }) => boolean;

export interface FailOptions {
  times?: number;
  headers?: Record<string, string>;
  /** A text is sent as it is, anything else as JSON. */
  body?: unknown;
  match?: RequestMatch;
}

/**
 * How a reply is cut short, always after half of its body:
 * - `broken`: the full length is announced, then the connection is destroyed. Reading the body fails.
 * - `stalled`: the full length is announced, then nothing more is sent. Reading the body never ends.
 * - `unsized`: no length is announced, and the reply ends properly. It looks like a whole reply.
 * - `short-length`: only the length of the half is announced. It looks like a whole reply.
 */
export type Truncation = 'broken' | 'stalled' | 'unsized' | 'short-length';

export interface FaultyProxy {
  url: string;
  /** Answers by itself. The request doesn't reach the target. */
  failNext(status: number, options?: FailOptions): void;
  /** Destroys the connection. The request doesn't reach the target. */
  disconnectNext(times?: number, match?: RequestMatch): void;
  /** Lets the request reach the target, then destroys the connection instead of answering. */
  dropNextReply(times?: number, match?: RequestMatch): void;
  /** Never answers. The request doesn't reach the target. */
  hangNext(times?: number, match?: RequestMatch): void;
  /** Lets the request reach the target, then sends half of the answer. */
  truncateNextReply(how?: Truncation, times?: number, match?: RequestMatch): void;
  /** Answers 200 with a web page, like a captive portal. The request doesn't reach the target. */
  htmlNextReply(times?: number, match?: RequestMatch): void;
  /**
   * Answers 413 to longer bodies by itself, without CORS headers, like a gateway in front of a backend. Such a request
   * takes no fault that waits. 0 turns it off.
   */
  limitBytes(bytes: number): void;
  /** Waits before it handles each request. 0 turns it off. */
  delay(ms: number): void;
  /** While on, each new connection is destroyed. Turning it on also destroys the open ones. */
  offline(on: boolean): void;
  /** Removes all faults that wait, the limit and the delay, and goes online. */
  heal(): void;
  /** All requests, in the order in which it was decided what happens to them. */
  requests: ProxiedRequest[];
  close(): Promise<void>;
}

interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

type Fault =
  | { kind: 'answer'; reply: Reply }
  | { kind: 'disconnect' }
  | { kind: 'drop' }
  | { kind: 'hang' }
  | { kind: 'truncate'; how: Truncation };

/** `handle` adds the other members. */
type Fate = Pick<ProxiedRequest, 'status' | 'targetStatus'>;

export async function startFaultyProxy(targetUrl: string): Promise<FaultyProxy> {
  const waiting: { fault: Fault; match: RequestMatch | undefined }[] = [];
  const requests: ProxiedRequest[] = [];
  const closed = new AbortController();
  let delayMs = 0;
  let maxBytes = 0;
  let isOffline = false;

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const at = Date.now();
    const { pathname: path, search: query } = new URL(request.url ?? '/', targetUrl);
    const method = request.method ?? 'GET';
    const body = await readBody(request);
    const record = (fate: Fate) => {
      const { headers } = request;
      requests.push({ method, path, query, headers, body: body.toString(), bytes: body.length, at, ...fate });
    };

    if (delayMs > 0) await sleep(delayMs, undefined, { signal: closed.signal }).catch(() => {});
    if (!isOffline && maxBytes > 0 && body.length > maxBytes) {
      record({ status: 413 });
      writeWhole(response, ownReply(413, {}, 'Request Entity Too Large'));
      return;
    }
    const fault = isOffline ? undefined : takeFault({ method, path });
    if (isOffline || fault?.kind === 'disconnect') {
      record({ status: 'offline' });
      response.destroy();
      return;
    }
    if (fault?.kind === 'hang') {
      record({ status: 'hung' });
      return;
    }
    if (fault?.kind === 'answer') {
      record({ status: fault.reply.status });
      writeWhole(response, fault.reply);
      return;
    }
    const reply = await forward(targetUrl, request, body);
    const targetStatus = reply.status;
    if (fault?.kind === 'drop') {
      record({ status: 'dropped', targetStatus });
      response.destroy();
    } else if (response.destroyed) {
      record({ status: isOffline ? 'offline' : 'aborted', targetStatus });
    } else {
      record({ status: targetStatus, targetStatus });
      if (fault?.kind === 'truncate') writeHalf(response, reply, fault.how);
      else writeWhole(response, reply);
    }
  };

  const takeFault = (request: { method: string; path: string }): Fault | undefined => {
    const index = waiting.findIndex(({ match }) => match?.(request) ?? true);
    return index < 0 ? undefined : waiting.splice(index, 1)[0]?.fault;
  };
  const enqueue = (fault: Fault, times: number, match: RequestMatch | undefined) => {
    for (let i = 0; i < times; i++) waiting.push({ fault, match });
  };

  const server = await startLocalServer(handle);

  const offline = (on: boolean) => {
    isOffline = on;
    if (on) server.dropConnections();
  };

  return {
    url: server.url,
    failNext(status, { times = 1, headers = {}, body = '', match } = {}) {
      enqueue({ kind: 'answer', reply: ownReply(status, headers, body) }, times, match);
    },
    disconnectNext(times = 1, match) {
      enqueue({ kind: 'disconnect' }, times, match);
    },
    dropNextReply(times = 1, match) {
      enqueue({ kind: 'drop' }, times, match);
    },
    hangNext(times = 1, match) {
      enqueue({ kind: 'hang' }, times, match);
    },
    truncateNextReply(how = 'broken', times = 1, match) {
      enqueue({ kind: 'truncate', how }, times, match);
    },
    htmlNextReply(times = 1, match) {
      const page = '<!doctype html><title>Welcome</title><p>Please sign in to use this network.</p>';
      const reply = ownReply(200, { 'content-type': 'text/html; charset=utf-8' }, page);
      enqueue({ kind: 'answer', reply }, times, match);
    },
    limitBytes(bytes) {
      maxBytes = bytes;
    },
    delay(ms) {
      delayMs = ms;
    },
    offline,
    heal() {
      waiting.length = 0;
      maxBytes = 0;
      delayMs = 0;
      offline(false);
    },
    requests,
    async close() {
      closed.abort();
      await server.close();
    },
  };
}

function ownReply(status: number, headers: Record<string, string>, body: unknown): Reply {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const type = typeof body === 'string' ? 'text/plain' : 'application/json';
  return { status, headers: { 'content-type': type, ...headers }, body: Buffer.from(text) };
}

/** Headers about one connection, or about the framing, which this proxy does itself. */
const OWN_TO_A_CONNECTION = new Set([
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'transfer-encoding',
]);

function passedOn(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_TO_A_CONNECTION.has(name)));
}

/** Asks the target. If it can't be reached, the answer is 502, as from any proxy. */
async function forward(targetUrl: string, { method, url, headers }: IncomingMessage, body: Buffer) {
  const sized = body.length > 0 ? { 'content-length': String(body.length) } : {};
  return await new Promise<Reply>((resolve) => {
    const fail = (error: Error) => resolve(ownReply(502, {}, `Bad gateway: ${error.message}`));
    const target = new URL(url ?? '/', targetUrl);
    const outgoing = httpRequest(
      target,
      { method, headers: { ...passedOn(headers), ...sized }, agent: false },
      (incoming) => {
        readBody(incoming).then(
          (reply) => resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: reply }),
          fail,
        );
      },
    );
    outgoing.once('error', fail);
    outgoing.end(body);
  });
}

function writeWhole(response: ServerResponse, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...passedOn(headers), 'content-length': body.length }).end(body);
}

function writeHalf(response: ServerResponse, { status, headers, body }: Reply, how: Truncation): void {
  const half = body.subarray(0, Math.floor(body.length / 2));
  if (how === 'short-length') {
    writeWhole(response, { status, headers, body: half });
  } else if (how === 'unsized') {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(status, { ...passedOn(headers), connection: 'close' });
    response.write(half);
    response.end();
  } else {
    response.writeHead(status, { ...passedOn(headers), 'content-length': body.length });
    response.write(half, () => {
      if (how === 'broken') response.destroy();
    });
  }
}
