import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import config from '../../../vitest.config.ts';

export interface Site {
  /** Where the page is, with a trailing slash. */
  url: string;
  close(): Promise<void>;
}

/**
 * Builds the page of `app/` as apps are built (minified, in chunks, with the SDK's worker and wasm), and serves it.
 *
 * @param backendUrl What is served under `/api/` of the page's own origin.
 */
export async function serveSite(backendUrl: string): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'connector-site-'));
  const outDir = join(folder, 'site');
  const common = {
    configFile: false,
    root: fileURLToPath(new URL('../app', import.meta.url)),
    cacheDir: join(folder, 'cache'),
    logLevel: 'error',
  } as const;
  await build({
    ...common,
    resolve: config.resolve ?? {},
    worker: { format: 'es' }, // the SDK's worker has chunks of its own
    build: { outDir, emptyOutDir: true, target: 'es2022', reportCompressedSize: false },
  });
  const server = await preview({
    ...common,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, proxy: { '/api/': backendUrl } },
  });
  const [url] = server.resolvedUrls?.local ?? [];
  if (!url) throw new Error('the page is not served anywhere');
  return {
    url,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
