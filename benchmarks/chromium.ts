// The same in Chromium, with the SDK's wa-sqlite in its worker: the time, and the longest time for which the page was
// busy.
import { join } from 'node:path';
import { build, preview } from 'vite';
import { chromiumPath, launchChromium } from '../test/support/chromium.ts';
import type { PageMeasured } from './browser/page.ts';
import { LOADS } from './loads.ts';
import { withFolder } from './queue.ts';
import type { Load } from './queue-content.ts';
import { startBackend } from './start-backend.ts';
import { median } from './statistics.ts';

export interface ChromiumResult extends PageMeasured {
  readonly load: string;
  readonly latencyMs: number;
  readonly candidate: string;
}

const CANDIDATES = ['floor', 'connector', 'floor-uncapped', 'connector-uncapped', 'batch-100'];
const LATENCY_MS = 20;
/** Only a part of each load, so that it doesn't take long. */
const PARTS: Readonly<Record<string, Load>> = {
  single: { ...(LOADS.single as Load), transactions: 5_000 },
  several: LOADS.several as Load,
  one: LOADS.one as Load,
};

/** Undefined if there is no Chromium. */
export async function measureChromium(
  runs: number,
  report: (result: ChromiumResult) => void,
): Promise<ChromiumResult[] | undefined> {
  if (!chromiumPath) return undefined;
  return withFolder(async (folder) => {
    const root = join(import.meta.dirname, 'browser');
    const common = { configFile: false, root, cacheDir: join(folder, 'cache'), logLevel: 'error' } as const;
    const outDir = join(folder, 'site');
    await build({
      ...common,
      worker: { format: 'es' },
      build: { outDir, emptyOutDir: true, target: 'es2022', reportCompressedSize: false },
    });
    const server = await preview({ ...common, build: { outDir }, preview: { host: '127.0.0.1', port: 0 } });
    const backend = await startBackend();
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(server.resolvedUrls?.local[0] ?? '');
      await backend.order({ latencyMs: LATENCY_MS });
      const run = (candidate: string, load: Load): Promise<PageMeasured> =>
        page.evaluate(([name, what, url]) => globalThis.measureHere(name, what, url), [
          candidate,
          load,
          backend.url,
        ] as const);
      for (const candidate of CANDIDATES) await run(candidate, { transactions: 200, entriesEach: 1 });
      const results: ChromiumResult[] = [];
      for (const [load, part] of Object.entries(PARTS)) {
        const measured = new Map<string, PageMeasured[]>();
        for (let i = 0; i < runs; i++)
          for (const candidate of CANDIDATES)
            measured.set(candidate, [...(measured.get(candidate) ?? []), await run(candidate, part)]);
        for (const [candidate, each] of measured) {
          const ms = median(each.map((one) => one.ms));
          const longestTaskMs = median(each.map((one) => one.longestTaskMs));
          const result = { load, latencyMs: LATENCY_MS, candidate, ms, longestTaskMs };
          results.push(result);
          report(result);
        }
      }
      return results;
    } finally {
      await browser.close();
      backend.stop();
      await server.close();
    }
  });
}
