import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './local-server.ts';
import { ServiceError } from './service-error.ts';
import type { TokenClaims } from './source.ts';
import { runSyncStream } from './sync-stream.ts';
import type { UserData } from './user-data.ts';

const GREATEST_ID = 9223372036854775807n;

export interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  claims: TokenClaims;
  user: UserData;
}

/** Facts about one sync stream: the position that the client sent, and what it got since then. */
export interface StreamRecord {
  after: Record<string, string>;
  operationsSent: number;
}

/** `GET /write-checkpoint2.json?client_id=`: a checkpoint that will contain everything committed so far. */
export function answerWriteCheckpoint({ response, url, user }: Exchange, refresh: () => void): void {
  const id = user.writeCheckpoints.handOut(url.searchParams.get('client_id') ?? '');
  refresh();
  answerJson(response, 200, { data: { write_checkpoint: id.toString() } });
}

/** `POST /sync/checkpoint-request`: the same, with an id that the client chose. */
export async function answerCheckpointRequest(exchange: Exchange, refresh: () => void): Promise<void> {
  const body = await readJson(exchange.request);
  const { client_id: clientId, checkpoint_request_id: requested } = body;
  if (typeof clientId !== 'string') throw invalid('client_id must be a string');
  if (typeof requested !== 'string' || !/^\d{1,19}$/.test(requested)) {
    throw invalid('checkpoint_request_id must be a decimal string');
  }
  const id = BigInt(requested);
  if (id < 1n || id > GREATEST_ID) throw invalid('checkpoint_request_id is out of range');
  const known = exchange.user.writeCheckpoints.raiseTo(clientId, id);
  refresh();
  answerJson(exchange.response, 200, { data: { checkpoint_request_id: known.toString() } });
}

/** `POST /sync/stream`: lines as NDJSON. Resolves when the stream is over. */
export async function answerSyncStream(
  { request, response, claims, user }: Exchange,
  keepaliveMs: number,
  onStart: (record: StreamRecord) => void,
): Promise<void> {
  const body = await readJson(request);
  const record: StreamRecord = { after: positionsIn(body.buckets), operationsSent: 0 };
  await user.refresh();
  if (response.destroyed) return;
  const clientId = typeof body.client_id === 'string' ? body.client_id : undefined;

  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
  response.flushHeaders();
  onStart(record);
  await runSyncStream(response, {
    user,
    clientId,
    after: BigInt(record.after[user.bucket.name] ?? '0'),
    exp: claims.exp,
    keepaliveMs,
    onOperationsSent(count) {
      record.operationsSent += count;
    },
  });
}

export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await readBody(request)).toString();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null) return body as Record<string, unknown>;
  } catch {
    // answered below
  }
  throw invalid('body must be a JSON object');
}

function positionsIn(buckets: unknown): Record<string, string> {
  const positions: Record<string, string> = {};
  for (const { name, after } of (buckets ?? []) as { name?: unknown; after?: unknown }[]) {
    if (typeof name !== 'string' || typeof after !== 'string' || !/^\d{1,19}$/.test(after)) {
      throw invalid('buckets must be a list of {name, after}');
    }
    positions[name] = after;
  }
  return positions;
}

function invalid(why: string): ServiceError {
  return new ServiceError(400, 'PSYNC_S2001', 'Validation failed', JSON.stringify([why]));
}
