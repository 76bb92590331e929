// A backend in its own process. It sends the answers that it is configured for, after a given time, and does nothing
// else. `startBackend()` runs it.
import { createServer } from 'node:http';
import type { BackendCounts, BackendOrder } from './start-backend.ts';

let latencyMs = 0;
let bytesPerMs = Number.POSITIVE_INFINITY;
let counts: BackendCounts = { requests: 0, bytes: 0 };

/** For pages from another origin. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-headers': 'authorization, content-type, prefer',
  'access-control-max-age': '3600',
};

const server = createServer(async (request, response) => {
  if (request.method === 'OPTIONS') return void response.writeHead(204, CORS).end();
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  counts = { requests: counts.requests + 1, bytes: counts.bytes + body.length };
  const answer = answerTo(request.url ?? '', body);
  const send = (): void => {
    response.writeHead(200, { ...CORS, 'content-type': 'application/json' }).end(answer);
  };
  const delayMs = latencyMs + body.length / bytesPerMs;
  if (delayMs > 0) setTimeout(send, delayMs);
  else send();
});

/**
 * Answers in the form of each contract, at the least cost: the work of a real backend takes the same time for all
 * candidates.
 */
function answerTo(path: string, body: Buffer): string {
  if (path !== '/api/data') return '{"message":"Batch completed"}';
  const results = Array<string>(occurrences(body, '"crud":[')).fill('{"status":"success"}');
  return `{"results":[${results.join(',')}]}`;
}

function occurrences(body: Buffer, text: string): number {
  let count = 0;
  for (let at = body.indexOf(text); at >= 0; at = body.indexOf(text, at + text.length)) count++;
  return count;
}

process.on('message', (order: BackendOrder) => {
  latencyMs = order.latencyMs;
  bytesPerMs = order.bytesPerMs ?? Number.POSITIVE_INFINITY;
  process.send?.(counts);
  counts = { requests: 0, bytes: 0 };
});

server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.send?.(typeof address === 'object' ? address?.port : undefined);
});
