import { connectorContract } from 'powersync-backend-connector/testing';
import { expect } from 'vitest';
import { readBody, startLocalServer } from '../support/service-stand-in/local-server.ts';
import type { Told } from './story.ts';

export interface StoryBackend {
  url: string;
  /** Where nothing listens. */
  nobody: string;
  /** Ids of the applied rows, in order. */
  readonly applied: readonly string[];
  /** The idempotency keys that came with the row `first`, each once. */
  readonly keysOfFirst: ReadonlySet<string>;
  /** Waits until the client has given up every request to `/silent` that arrived, so that nobody waits for its answer. */
  abandoned(): Promise<void>;
  close(): Promise<void>;
}

/** A write API for the story: what it does with a request depends on the path. */
export async function startStoryBackend(): Promise<StoryBackend> {
  const applied: string[] = [];
  const keysOfFirst = new Set<string>();
  const silent = { arrived: 0, abandoned: 0 }; // One that is given up at once need not have arrived.
  const elsewhere = await startLocalServer(async (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"results":[{"status":"success"}]}');
  });

  const gone = await startLocalServer(async () => {});
  await gone.close();

  const server = await startLocalServer(async (request, response) => {
    const path = request.url ?? '';
    if (path === '/silent') {
      silent.arrived++;
      response.once('close', () => silent.abandoned++);
      return;
    }
    const body = (await readBody(request)).toString();
    if (path === '/moved') return void response.writeHead(308, { location: '/api/data' }).end();
    if (path === '/elsewhere') return void response.writeHead(307, { location: elsewhere.url }).end();
    if (request.headers.authorization !== 'Bearer token') return void response.writeHead(401).end('{}');
    const { transactions } = JSON.parse(body) as {
      transactions: { idempotency_key: string; crud: { id: string; op_data: { name: string } }[] }[];
    };
    for (const { idempotency_key, crud } of transactions) {
      if (crud[0]?.id === 'first') keysOfFirst.add(idempotency_key);
    }
    const page = '<!doctype html><title>Sign in to this network</title>';
    switch (path) {
      case '/html':
        return void response.writeHead(200, { 'content-type': 'text/html' }).end(page);
      case '/cut':
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
        return void response.write('{"results":[', () => response.destroy());
      case '/unavailable':
        return void response.writeHead(503).end('{}');
      case '/expired':
        return void response.writeHead(401).end('{}');
      case '/api/data': {
        const results = transactions.map(({ crud }) => {
          if (crud.some(({ op_data }) => op_data.name === 'refuse me'))
            return {
              status: 'fatal_error',
              requires_client_handling: false,
              failed_operation: { error_code: 'CONSTRAINT_VIOLATION' },
            };
          applied.push(...crud.map(({ id, op_data }) => `${id}: ${op_data.name}`));
          return { status: 'success' };
        });
        return void response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(JSON.stringify({ results }));
      }
      default:
        return void response.writeHead(404).end(page);
    }
  });

  return {
    url: server.url,
    nobody: gone.url,
    applied,
    keysOfFirst,
    abandoned: () => expect.poll(() => silent.arrived > 0 && silent.abandoned === silent.arrived).toBe(true),
    async close() {
      await server.close();
      await elsewhere.close();
    },
  };
}

/** How the story ends on every host. */
export const HAPPY_END: Told = {
  failures: {
    '/html': 'misconfigured, 1 queued',
    '/cut': 'network, 1 queued',
    '/gone': 'misconfigured, 1 queued',
    '/elsewhere': 'misconfigured, 1 queued',
    '/unavailable': 'unavailable, 1 queued',
    '/expired': 'unauthenticated, 1 queued',
    '/silent': 'timeout, 1 queued',
    '/silent, closed': 'aborted, 1 queued',
    '/silent, drained for a time': 'aborted, 1 queued',
    'nobody there': 'network, 1 queued',
  },
  drained: { applied: 2, rejected: 1, drained: true },
  queued: 0,
  rejected: [{ code: 'invalid', ids: ['refused'] }],
  contract: { run: connectorContract.length, failed: [] },
};
