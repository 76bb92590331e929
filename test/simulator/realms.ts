import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';

/** A fresh copy of the modules under test: tabs and processes don't share memory or `globalThis`. */
export type Realm = typeof import('./under-test.ts');

/** Loads one copy for each tab that a history may have, including those that crash. */
export async function loadRealms(count: number, plugins: Plugin[] = []): Promise<Realm[]> {
  const folder = await mkdtemp(join(tmpdir(), 'connector-realms-'));
  const outfile = join(folder, 'node_modules', 'under-test.mjs'); // vitest doesn't transform files there
  try {
    await build({
      entryPoints: [fileURLToPath(new URL('./under-test.ts', import.meta.url))],
      bundle: true,
      format: 'esm',
      platform: 'node',
      outfile,
      sourcemap: 'inline',
      define: { globalThis: 'realmGlobal' },
      inject: [fileURLToPath(new URL('./realm-global.ts', import.meta.url))],
      plugins,
      logLevel: 'silent',
    });
    const url = pathToFileURL(outfile).href;
    return await Promise.all(Array.from({ length: count }, (_, index) => import(`${url}?realm=${index}`)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
