import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Backend } from '../../examples/backend/server.ts';
import { readBody } from '../support/service-stand-in/local-server.ts';

interface Upload {
  transactions: { transaction_id?: number; idempotency_key?: string; crud: Entry[] }[];
}

interface Entry {
  id: string;
  op: string;
  table: string;
  op_data?: Record<string, unknown>;
}

interface Result {
  status: string;
}

/** Sends a request on to the good backend. */
type Forward = (request: Request) => Promise<Response>;

/** One fault of a backend: what it does with a request instead of just answering it. */
export type Fault = (request: Request, forward: Forward, backend: Backend) => Promise<Response>;

/**
 * The example backend behind a fault, on a port of its own until the end of the test. Rows can be read back at
 * `/read/{table}/{id}`.
 */
export async function startVariant(backend: Backend, fault?: Fault) {
  const forward: Forward = async (request) => backend.fetch(request);
  const server = createServer(async (incoming, response) => {
    const answer = await answerTo(await toRequest(incoming)).catch(() => undefined);
    if (!answer) incoming.socket.destroy();
    else await send(answer, response);
  });

  async function answerTo(request: Request): Promise<Response> {
    const [, route, table, id] = new URL(request.url).pathname.split('/');
    if (route === 'read') return readRow(decodeURIComponent(table ?? ''), decodeURIComponent(id ?? ''));
    return fault ? fault(request, forward, backend) : forward(request);
  }

  async function readRow(table: string, id: string): Promise<Response> {
    if (!['lists', 'todos'].includes(table)) return new Response(null, { status: 404 });
    const [row] = await backend.query<object>(`select * from ${table} where id = $1`, [id]);
    return row ? Response.json(row) : new Response(null, { status: 404 });
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { write: `${url}/api/data`, read: `${url}/read/{table}/{id}` };
}

async function toRequest(incoming: IncomingMessage): Promise<Request> {
  const body = await readBody(incoming);
  const method = incoming.method ?? 'GET';
  return new Request(`http://backend${incoming.url}`, {
    method,
    headers: incoming.headers as Record<string, string>,
    ...(method !== 'GET' && method !== 'OPTIONS' && { body: new Uint8Array(body) }),
  });
}

async function send(answer: Response, response: ServerResponse): Promise<void> {
  const body = Buffer.from(await answer.arrayBuffer());
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(body);
}

// ---- faults ---------------------------------------------------------------------------------------------------------

/** Changes the upload before the good backend gets it; anything that is no upload passes. */
export function upload(change: (upload: Upload) => Upload): Fault {
  return async (request, forward) => {
    const text = await request.clone().text();
    const parsed = parse(text) as Upload | undefined;
    if (!Array.isArray(parsed?.transactions)) return forward(request);
    return forward(withBody(request, change(parsed)));
  };
}

/** Changes the results before the client gets them. */
export function results(change: (results: Result[], upload: Upload) => Response | object[]): Fault {
  return async (request, forward) => {
    const sent = parse(await request.clone().text()) as Upload;
    const answer = await forward(request);
    if (answer.status !== 200 || request.method !== 'POST') return answer;
    const { results: all } = (await answer.json()) as { results: Result[] };
    const changed = change(all, sent);
    return changed instanceof Response ? changed : Response.json({ results: changed });
  };
}

/** Answers some requests by itself. */
export function instead(
  applies: (request: Request, text: string) => boolean | Promise<boolean>,
  answer: () => Response,
): Fault {
  return async (request, forward) =>
    (await applies(request, await request.clone().text())) ? answer() : forward(request);
}

/** Changes the headers of every answer. */
export function headers(change: (headers: Headers, request: Request) => void): Fault {
  return async (request, forward) => {
    const { status, body, headers: given } = await forward(request);
    const changed = new Headers(given);
    change(changed, request);
    return new Response(body, { status, headers: changed });
  };
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function withBody(request: Request, body: unknown): Request {
  const { method, url } = request;
  const given = new Headers(request.headers);
  given.delete('content-length');
  return new Request(url, { method, headers: given, body: JSON.stringify(body) });
}
