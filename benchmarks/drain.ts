// Time to drain a queue, beside the floor and beside the usual connector. `npm run bench`; nothing is asserted.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fillQueue, withDatabase } from './queue.ts';
import { connector, floor, onePerRequest, type Uploader, uncapped } from './uploaders.ts';

const RUNS = 5;

interface Measured {
  readonly ms: number;
  readonly requests: number;
}

async function withBackend<T>(latencyMs: number, use: (url: string) => Promise<T>): Promise<T> {
  const process = fork(new URL('./backend.ts', import.meta.url), [String(latencyMs)]);
  try {
    const [port] = await once(process, 'message');
    return await use(`http://127.0.0.1:${port}/api/data`);
  } finally {
    process.kill();
  }
}

/** Medians of several runs. The candidates take turns within each round, so that a slow moment hits them all. */
async function compare(
  {
    latencyMs,
    transactions,
    entriesEach,
    runs = RUNS,
  }: { latencyMs: number; transactions: number; entriesEach: number; runs?: number },
  candidates: Record<string, Uploader>,
): Promise<Record<string, Measured>> {
  const found: Record<string, Measured[]> = {};
  await withBackend(latencyMs, (url) =>
    withDatabase(async (db) => {
      for (let run = -1; run < runs; run++) {
        for (const [name, upload] of Object.entries(candidates)) {
          await fillQueue(db, transactions, entriesEach);
          const startedAt = performance.now();
          const requests = await upload(db, url);
          const ms = performance.now() - startedAt;
          if (run >= 0) found[name] = [...(found[name] ?? []), { ms, requests }]; // the first round warms up
        }
      }
    }),
  );
  return Object.fromEntries(Object.entries(found).map(([name, each]) => [name, median(each)]));
}

function median(measured: readonly Measured[]): Measured {
  return [...measured].sort((a, b) => a.ms - b.ms)[Math.floor(measured.length / 2)] as Measured;
}

function print(title: string, results: Record<string, Measured>, against: string): void {
  console.log(`\n${title}`);
  const base = results[against]?.ms ?? Number.NaN;
  for (const [name, { ms, requests }] of Object.entries(results)) {
    const ratio = (ms / base).toFixed(2);
    console.log(
      `  ${name.padEnd(34)} ${ms.toFixed(0).padStart(7)} ms  ${String(requests).padStart(5)} requests  ${ratio.padStart(7)}×`,
    );
  }
}

for (const latencyMs of [0, 20, 50]) {
  for (const [transactions, entriesEach] of [
    [5_000, 1],
    [2_000, 25],
  ] as const) {
    const results = await compare(
      { latencyMs, transactions, entriesEach },
      {
        'floor, 50 per request': floor(50, entriesEach),
        'connector, 50 per request': connector(50, undefined, entriesEach),
      },
    );
    print(
      `${transactions} transactions of ${entriesEach}, ${latencyMs} ms latency`,
      results,
      'floor, 50 per request',
    );
  }
}

const load = { latencyMs: 50, transactions: 2_000, entriesEach: 1, runs: 1 };
const results = await compare(load, {
  'one transaction per request': onePerRequest,
  'connector, 50 per request': connector(),
  'connector, all in one': connector(100_000, uncapped),
});
print('2,000 transactions of 1, 50 ms latency', results, 'connector, all in one');
const usual = results['one transaction per request']?.ms ?? Number.NaN;
for (const [name, { ms }] of Object.entries(results))
  console.log(`  ${name}: ${(usual / ms).toFixed(0)} times as fast as the first`);
