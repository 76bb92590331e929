// Time and memory of draining queues of growing length. Both should depend only on the number of entries. Each drain
// has its own process, which opens a queue that was filled before.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { CANDIDATES, type Drain } from './candidates.ts';
import { withDatabase, withFolder } from './queue.ts';
import { fillQueue } from './queue-content.ts';
import { startBackend } from './start-backend.ts';
import { cpuMs } from './statistics.ts';

export interface LengthResult {
  readonly candidate: string;
  readonly entries: number;
  readonly ms: number;
  readonly cpuMicrosPerEntry: number;
  /** Peak of the resident memory, minus that with the open database before. */
  readonly peakMb: number;
  /** JavaScript heap after the drain and a garbage collection, minus that before. */
  readonly keptMb: number;
}

/** Reads and completes like the floor, but sends nothing. It shows which part of the figures is the SDK's. */
const sdkAlone: Drain = async (db) => {
  for (let batch = await db.getCrudBatch(50); batch; batch = await db.getCrudBatch(50))
    await batch.complete();
};

export const SDK_ALONE = 'sdk-alone';
const self = fileURLToPath(import.meta.url);

export async function measureLengths(
  lengths: readonly number[],
  report: (result: LengthResult) => void,
): Promise<LengthResult[]> {
  const results: LengthResult[] = [];
  const backend = await startBackend();
  await backend.order({ latencyMs: 0 });
  try {
    for (const entries of lengths) {
      for (const candidate of [SDK_ALONE, 'floor', 'connector']) {
        await withFolder(async (folder) => {
          await withDatabase((db) => fillQueue(db, { transactions: entries, entriesEach: 1 }), folder);
          const args = ['--expose-gc', self, candidate, String(entries), folder, backend.url];
          const { stdout } = await promisify(execFile)(process.execPath, args);
          const result = JSON.parse(stdout) as LengthResult;
          results.push(result);
          report(result);
        });
      }
    }
  } finally {
    backend.stop();
  }
  return results;
}

async function measureHere(candidate: string, entries: number, folder: string, url: string): Promise<void> {
  const load = { transactions: entries, entriesEach: 1 };
  const drain = candidate === SDK_ALONE ? sdkAlone : CANDIDATES[candidate]?.drain(load);
  await withDatabase(async (db) => {
    globalThis.gc?.();
    const heapBefore = process.memoryUsage().heapUsed;
    const memoryBefore = process.memoryUsage().rss;
    const cpuBefore = process.cpuUsage();
    const startedAt = performance.now();
    await drain?.(db, url);
    const ms = performance.now() - startedAt;
    const cpu = cpuMs(cpuBefore);
    const peakMb = (process.resourceUsage().maxRSS * 1024 - memoryBefore) / 2 ** 20;
    await new Promise((resolve) => setTimeout(resolve, 200)); // for memory that is only released in a later turn
    globalThis.gc?.();
    const keptMb = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
    const cpuMicrosPerEntry = (cpu * 1000) / entries;
    process.stdout.write(JSON.stringify({ candidate, entries, ms, cpuMicrosPerEntry, peakMb, keptMb }));
  }, folder);
}

const [, script, candidate, entries, folder, url] = process.argv;
if (script === self && candidate && folder && url) await measureHere(candidate, Number(entries), folder, url);
