// Starts the backend: `node examples/backend/server.ts`, or `await startBackend()` from a test or a demo.

import type { AddressInfo } from 'node:net';
import type { PGlite } from '@electric-sql/pglite';
import { createAdaptorServer } from '@hono/node-server';
import type { JSONWebKeySet } from 'jose';
import { type AppOptions, createApp } from './app.ts';
import { openDatabase, readWritableTables } from './database.ts';
import type { GrpcServer } from './grpc.ts';
import { forgetOldKeys, KEY_RETENTION_DAYS } from './idempotency.ts';
import { WRITABLE_TABLES } from './schema.ts';
import { readSnapshot, type Snapshot } from './snapshot.ts';
import { createTokens, type TokenOptions } from './tokens.ts';

export interface BackendOptions
  extends Partial<
    Pick<AppOptions, 'maxBodyBytes' | 'corsOrigin' | 'onFatalError' | 'requiresClientHandling' | 'log'>
  > {
  /** Default 0: any free port. */
  port?: number;
  /** Default: a new one in memory. If you give one, it must have the tables (`openDatabase`), and you close it. */
  database?: PGlite;
  /** The tables that clients may write to. Default: those of schema.ts. */
  tables?: readonly string[];
  /** The `powersync_url` in the answer of `GET /api/auth/token`. */
  powersyncUrl?: string;
  tokens?: TokenOptions;
  /** How long the keys of applied transactions are kept. Default 30. */
  keyRetentionDays?: number;
}

export interface Backend {
  readonly url: string;
  readonly port: number;
  /** The store, for other servers that use it. */
  readonly database: PGlite;
  /** Answers a request without a network. */
  fetch(request: Request): Promise<Response>;
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** All rows of one user, by table. */
  snapshot(userId: string): Promise<Snapshot>;
  /** Calls the listener after each commit that changed a synced table, through an upload or `query`. */
  onCommit(listener: () => void): () => void;
  issueToken(userId: string, options?: { expiresInSeconds?: number }): Promise<string>;
  /** Rejects if `POST /api/data` would answer this token with 401. */
  verify(token: string): Promise<{ sub: string }>;
  jwks(): JSONWebKeySet;
  /** How many uploaded transactions were executed and committed. Replays and refusals don't count. */
  executions(): number;
  /** The stored idempotency keys, oldest first. */
  appliedTransactions(): Promise<{ userId: string; key: string }[]>;
  setPowerSyncUrl(url: string): void;
  /** Also serves the same store over gRPC, gRPC-Web and Connect, until the backend is closed. */
  serveGrpc(ports?: { port?: number; http2Port?: number }): Promise<GrpcServer>;
  close(): Promise<void>;
}

const ONE_DAY_MS = 24 * 60 * 60 * 1000;

export async function startBackend(options: BackendOptions = {}): Promise<Backend> {
  const { port = 0, keyRetentionDays = KEY_RETENTION_DAYS, log = console.error } = options;
  let powersyncUrl = options.powersyncUrl ?? '';
  let executions = 0;

  const [database, tokens] = await Promise.all([
    options.database ?? openDatabase(),
    createTokens(options.tokens),
  ]);
  const tables = await readWritableTables(database, options.tables ?? WRITABLE_TABLES);
  const store = { ...options, database, tables, tokens, log, onExecuted: () => executions++ };
  const app = createApp({ ...store, powersyncUrl: () => powersyncUrl });
  const grpcServers: GrpcServer[] = [];

  // The global Request and Response aren't replaced: a test or a demo in this process uses them as a client.
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    if (options.database === undefined) await database.close();
    throw error;
  }
  const address = server.address() as AddressInfo;

  const listeners = new Set<() => void>();
  const stopListening = await database.listen('data_changed', () => {
    for (const listener of listeners) {
      try {
        listener();
      } catch (error) {
        log(error); // A listener must not be able to break a write.
      }
    }
  });

  await forgetOldKeys(database, keyRetentionDays);
  const pruning = setInterval(() => forgetOldKeys(database, keyRetentionDays).catch(log), ONE_DAY_MS).unref();

  async function stop(): Promise<void> {
    clearInterval(pruning);
    for (const each of grpcServers) await each.close();
    // Running requests may finish; after a second they are cut off.
    const cutOff = setTimeout(() => 'closeAllConnections' in server && server.closeAllConnections(), 1000);
    await new Promise((resolve) => server.close(resolve));
    clearTimeout(cutOff);
    if (options.database === undefined) await database.close();
    else if (!database.closed) await stopListening();
  }
  let stopped: Promise<void> | undefined;

  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    database,
    fetch: async (request) => app.fetch(request),
    query: async <Row>(sql: string, parameters?: unknown[]) =>
      (await database.query<Row>(sql, parameters)).rows,
    snapshot: (userId) => readSnapshot(database, tables, userId),
    onCommit(listener) {
      const own = () => listener(); // If the same listener is added twice, each call removes one.
      listeners.add(own);
      return () => listeners.delete(own);
    },
    issueToken: tokens.issue,
    verify: tokens.verify,
    jwks: tokens.jwks,
    executions: () => executions,
    appliedTransactions: async () =>
      (
        await database.query<{ userId: string; key: string }>(
          'select user_id as "userId", key from applied_transactions order by applied_at, key',
        )
      ).rows,
    setPowerSyncUrl(url) {
      powersyncUrl = url;
    },
    async serveGrpc(ports) {
      const { startGrpcServer } = await import('./grpc.ts');
      const started = await startGrpcServer(store, ports);
      grpcServers.push(started);
      return started;
    },
    close: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

if (import.meta.main) {
  const database = await openDatabase(process.env.DATA_FOLDER);
  const backend = await startBackend({
    database,
    port: Number(process.env.PORT ?? 6060),
    powersyncUrl: process.env.POWERSYNC_URL ?? '',
  });
  const port = Number(process.env.GRPC_PORT ?? 6061);
  const grpc = await backend.serveGrpc({ port, http2Port: port + 1 });
  console.log(`Backend listening on ${backend.url}`);
  console.log(`gRPC-Web and Connect on ${grpc.url}; with gRPC over HTTP/2 on ${grpc.http2Url}`);
  console.warn('GET /api/auth/token is a demo login: it gives a token for any user to anybody.');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      await backend.close();
      await database.close();
    });
  }
}
