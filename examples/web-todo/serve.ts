// Serves the app with everything it needs, embedded: `npm run demo:web`, or `await serveWebTodo()` from a test.
//
//   npm run demo:web                  http://localhost:4180
//   npm run demo:web -- --port 8000   or PORT=8000
//
// The backend's data is in `.data`, next to this file. Delete it to start over.
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build, preview } from 'vite';
import { type ServiceStandIn, startServiceStandIn } from '../../test/support/service-stand-in.ts';
import { openDatabase } from '../backend/database.ts';
import { type Backend, startBackend } from '../backend/server.ts';

export interface WebTodo {
  /** The address of the app. */
  readonly url: string;
  readonly backend: Backend;
  readonly service: ServiceStandIn;
  close(): Promise<void>;
}

export interface WebTodoOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** The folder for the built app. Default `dist`, next to this file. */
  readonly outDir?: string;
  /** The folder for the backend's data. Default: in memory. */
  readonly dataFolder?: string;
}

/**
 * Starts the example backend (its Postgres is PGlite) and the stand-in for the PowerSync Service, then builds and
 * serves the app.
 */
export async function serveWebTodo({
  port = 0,
  outDir = 'dist',
  dataFolder,
}: WebTodoOptions = {}): Promise<WebTodo> {
  const database = await openDatabase(dataFolder);
  const backend = await startBackend({ database });
  const service = await startServiceStandIn({ source: backend });
  backend.setPowerSyncUrl(service.url);
  process.env.VITE_POWERSYNC_URL = service.url;
  process.env.VITE_BACKEND_URL = backend.url;

  const quiet = { checks: { pluginTimings: false } };
  const app = {
    root: import.meta.dirname,
    logLevel: 'warn' as const,
    build: {
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 2_000, // kB: SQLite
      rolldownOptions: quiet,
    },
    worker: { rolldownOptions: quiet },
  };
  await build(app);
  const server = await preview({ ...app, preview: { port, host: 'localhost', strictPort: port !== 0 } });
  const { port: served } = server.httpServer.address() as AddressInfo;
  return {
    url: `http://localhost:${served}`,
    backend,
    service,
    async close() {
      for (const part of [server, service, backend, database]) await part.close();
    },
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: process.env.PORT ?? '4180' } },
  });
  console.log('Starting the backend and building the app …');
  const { url, backend, service, close } = await serveWebTodo({
    port: Number(values.port),
    dataFolder: join(import.meta.dirname, '.data'),
  });
  console.log(`To-dos             ${url}   (another port: --port 8000)`);
  console.log(`backend            ${backend.url}`);
  console.log(`PowerSync stand-in ${service.url}`);
  console.log('Ctrl-C stops it.');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void close());
}
