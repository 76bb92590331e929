import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import config from '../../../vitest.config.ts';

export interface Site {
  /** Where the page is. */
  url: string;
  close(): Promise<void>;
}

/**
 * Builds a page of `app/` as apps are built (minified, in chunks, with the SDK's worker and wasm), and serves it.
 *
 * @param backendUrl What is served under `/api/` of the page's own origin.
 */
export async function serveSite(page: 'index.html' | 'mocks.html', backendUrl?: string): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'connector-site-'));
  const outDir = join(folder, 'site');
  const root = fileURLToPath(new URL('../app', import.meta.url));
  const common = {
    configFile: false,
    root,
    cacheDir: join(folder, 'cache'),
    logLevel: 'error',
  } as const;
  await build({
    ...common,
    resolve: config.resolve ?? {},
    worker: { format: 'es' }, // the SDK's worker has chunks of its own
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      reportCompressedSize: false,
      rolldownOptions: { input: join(root, page) },
    },
  });
  const serviceWorker = import.meta.resolve('msw/mockServiceWorker.js');
  await copyFile(fileURLToPath(serviceWorker), join(outDir, 'mockServiceWorker.js'));
  const server = await preview({
    ...common,
    build: { outDir },
    preview: { host: '127.0.0.1', port: 0, proxy: backendUrl ? { '/api/': backendUrl } : {} },
  });
  const [origin] = server.resolvedUrls?.local ?? [];
  if (!origin) throw new Error('the page is not served anywhere');
  return {
    url: new URL(page, origin).href,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
