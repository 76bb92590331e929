/**
 * A stand-in for the PowerSync Service, for tests and the demo. It is not the service. It implements enough of the
 * service's protocol for the real SDK to sync with it over real HTTP. Its data comes from a `Source`, not a database.
 *
 * It implements
 * - `POST /sync/stream` as NDJSON: checkpoint, checkpoint_diff, data (PUT and REMOVE, with checksums a client
 *   verifies), checkpoint_complete and token_expires_in. Each user has one bucket with everything that they may see. A
 *   client that sends its position gets only what is newer.
 * - `GET /write-checkpoint2.json` and `POST /sync/checkpoint-request`: ids count per user and client. An id appears in
 *   a checkpoint only with the data of a snapshot that was taken after the id was given out.
 * - 401 with the service's error body for a missing, bad or expired token; a stream ends when its token does.
 *
 * It leaves out sync rules and streams with parameters, priorities, several buckets, compaction (MOVE, CLEAR), BSON,
 * WebSocket, the old `/write-checkpoint.json` and limits on connections. It stores nothing: its history begins when it
 * starts. If a client knows a longer history than a new stand-in, its checksum fails and it starts over. The source
 * decides about the lifetime and audience of tokens.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { authorize } from './service-stand-in/authorize.ts';
import { startLocalServer } from './service-stand-in/local-server.ts';
import {
  answerCheckpointRequest,
  answerJson,
  answerSyncStream,
  answerWriteCheckpoint,
  type StreamRecord,
} from './service-stand-in/routes.ts';
import { ServiceError } from './service-stand-in/service-error.ts';
import type { Source } from './service-stand-in/source.ts';
import { UserData } from './service-stand-in/user-data.ts';

export type { StreamRecord } from './service-stand-in/routes.ts';
export type { Source } from './service-stand-in/source.ts';

export interface ServiceStandInOptions {
  source: Source;
  /** Default: a free port. */
  port?: number;
  /** Time between keepalive lines. Default 20 s, as in the service. */
  keepaliveMs?: number;
}

export interface ServiceRequest {
  method: string;
  /** Without the query. */
  path: string;
  at: number;
  status: number;
  /** For an accepted sync stream. It counts while the stream is open. */
  stream?: StreamRecord;
}

export interface ServiceStandIn {
  /** Without a trailing slash, as the SDK requires. */
  url: string;
  /** Drops every stream and every connection, and destroys new ones until `restore()`. */
  cut(): void;
  restore(): void;
  /** Waits this long before each answer. 0 turns it off. Open streams are not slowed down. */
  slow(ms: number): void;
  /** While on, each request is answered with 401. Open streams continue; see `endStreams()`. */
  refuseTokens(on: boolean): void;
  /** Ends all open streams properly, as a service does when it restarts. */
  endStreams(): void;
  /** The number of open sync streams. */
  connections(): number;
  /** All answered requests, in the order of the answers. */
  requests: ServiceRequest[];
  close(): Promise<void>;
}

const RETRY_SNAPSHOT_MS = 100;

export async function startServiceStandIn(options: ServiceStandInOptions): Promise<ServiceStandIn> {
  const { source, port, keepaliveMs = 20_000 } = options;
  const users = new Map<string, UserData>();
  const streams = new Set<ServerResponse>();
  const requests: ServiceRequest[] = [];
  const stopped = new AbortController();
  let latencyMs = 0;
  let refusing = false;
  let opId = 0n;

  const userOf = (userId: string): UserData => {
    let user = users.get(userId);
    if (!user) {
      user = new UserData(userId, source, () => ++opId);
      users.set(userId, user);
    }
    return user;
  };

  /** If the source fails, it is asked again, so that no write checkpoint is lost. */
  const refreshSoon = async (user: UserData): Promise<void> => {
    while (!stopped.signal.aborted) {
      try {
        return await user.refresh();
      } catch {
        await pause(RETRY_SNAPSHOT_MS, stopped.signal);
      }
    }
  };

  const route = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    if (refusing) throw new ServiceError(401, 'PSYNC_S2101', 'Authentication failed');
    const name = `${request.method} ${url.pathname}`;
    if (!ROUTES.has(name)) throw new ServiceError(404, 'PSYNC_S2002', 'The path does not exist');
    const claims = await authorize(request.headers.authorization, source);
    const user = userOf(claims.sub);
    const exchange = { request, response, url, claims, user };
    const refresh = () => void refreshSoon(user);
    switch (name) {
      case 'GET /write-checkpoint2.json':
        return answerWriteCheckpoint(exchange, refresh);
      case 'POST /sync/checkpoint-request':
        return answerCheckpointRequest(exchange, refresh);
      default:
        return answerSyncStream(exchange, keepaliveMs, (stream) => {
          streams.add(response);
          response.once('close', () => streams.delete(response));
          requests.push({ ...summary(request, url), status: 200, stream });
        });
    }
  };

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (latencyMs > 0) await pause(latencyMs, stopped.signal);
    for (const [header, value] of CORS_HEADERS) response.setHeader(header, value);
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    try {
      await route(request, response, url);
      // A stream was recorded when it began.
      if (url.pathname === '/sync/stream') return;
    } catch (error) {
      if (response.headersSent || response.destroyed) throw error;
      const known =
        error instanceof ServiceError ? error : new ServiceError(500, 'PSYNC_S2001', String(error));
      answerJson(response, known.status, known.toBody());
    }
    requests.push({ ...summary(request, url), status: response.statusCode });
  };

  const server = await startLocalServer(handle, port);
  const stopListening = source.onCommit(() => {
    for (const user of users.values()) void refreshSoon(user);
  });

  return {
    url: server.url,
    cut() {
      server.refuseConnections(true);
      server.dropConnections();
    },
    restore() {
      server.refuseConnections(false);
    },
    slow(ms) {
      latencyMs = ms;
    },
    refuseTokens(on) {
      refusing = on;
    },
    endStreams() {
      for (const response of streams) response.end();
    },
    connections: () => streams.size,
    requests,
    async close() {
      stopListening();
      stopped.abort();
      await server.close();
    },
  };
}

const ROUTES = new Set(['POST /sync/stream', 'GET /write-checkpoint2.json', 'POST /sync/checkpoint-request']);

const CORS_HEADERS = new Map([
  ['access-control-allow-origin', '*'],
  ['access-control-allow-headers', 'Content-Type, Authorization, User-Agent, X-User-Agent'],
  ['access-control-max-age', '3600'],
]);

function summary(request: IncomingMessage, url: URL) {
  return { method: request.method ?? '', path: url.pathname, at: Date.now() };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {});
}
