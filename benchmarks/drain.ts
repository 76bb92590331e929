// Time to drain a queue: each candidate with each load and latency, side by side.
import { subscribe } from 'node:diagnostics_channel';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { PowerSyncDatabase } from '@powersync/node';
import { CANDIDATES, type Candidate } from './candidates.ts';
import { entriesOf, LOADS } from './loads.ts';
import { withDatabase } from './queue.ts';
import { fillQueue, type Load } from './queue-content.ts';
import { type Backend, startBackend } from './start-backend.ts';
import { cpuMs, median } from './statistics.ts';

/** Medians of several runs. Those of a sample are scaled to the whole load. */
export interface DrainResult {
  readonly load: string;
  readonly latencyMs: number;
  readonly candidate: string;
  readonly ms: number;
  readonly requests: number;
  /** Of request bodies. */
  readonly bytes: number;
  /** Of the whole process for each entry, with the SDK and SQLite, without the backend. */
  readonly cpuMicrosPerEntry: number;
  readonly firstRequestMs: number;
  /** How many entries were drained, if the whole load would have taken too long. The rest is extrapolated. */
  readonly sampledEntries?: number;
}

export interface DrainOptions {
  readonly loads: readonly string[];
  readonly latencies: readonly number[];
  readonly candidates: readonly string[];
  readonly runs: number;
  readonly bytesPerMs: number | undefined;
  /** If a drain would take longer than about this, only a part of the load is measured. */
  readonly longestMs: number;
}

type Measured = Omit<DrainResult, 'load' | 'latencyMs' | 'candidate' | 'sampledEntries'>;

/** The most that one request costs without latency, to estimate how long a drain takes. */
const REQUEST_MS = 3;
/** Shorter drains are measured this many times as often, because they vary more. */
const QUICK_MS = 500;
const QUICK_TIMES = 3;
/** A small first drain, after which code is compiled and connections are open. */
const WARM_UP: Load = { transactions: 200, entriesEach: 1 };

export async function measureDrains(
  { loads, latencies, candidates, runs, bytesPerMs, longestMs }: DrainOptions,
  report: (result: DrainResult) => void,
): Promise<DrainResult[]> {
  const results: DrainResult[] = [];
  const backend = await startBackend();
  try {
    await withDatabase(async (db) => {
      for (const name of candidates)
        for (let i = 0; i < 5; i++) await measure(db, backend, candidate(name), WARM_UP);
      for (const load of loads) {
        const whole = LOADS[load] as Load;
        for (const latencyMs of latencies) {
          const order = { latencyMs, bytesPerMs };
          await backend.order(order);
          const parts = candidates.map((name) => ({
            name,
            part: sample(
              whole,
              candidate(name),
              latencyMs,
              candidate(name).kind === 'usual' ? longestMs / 2 : longestMs,
            ),
            measured: [] as Measured[],
          }));
          // They take turns in each round, so that a slow moment of the machine affects all of them.
          for (let run = 0; run < QUICK_TIMES * runs; run++)
            for (const { name, part, measured } of parts)
              if (run < runs || medians(measured).ms < QUICK_MS)
                measured.push(await measure(db, backend, candidate(name), part, order));
          for (const { name, part, measured } of parts) {
            const result = { load, latencyMs, candidate: name, ...scaled(medians(measured), whole, part) };
            results.push(result);
            report(result);
          }
        }
      }
    });
  } finally {
    backend.stop();
  }
  return results;
}

function candidate(name: string): Candidate {
  return CANDIDATES[name] as Candidate;
}

async function measure(
  db: PowerSyncDatabase,
  backend: Backend,
  { drain }: Candidate,
  load: Load,
  order = { latencyMs: 0 },
): Promise<Measured> {
  await fillQueue(db, load);
  await backend.order(order);
  collectGarbage();
  const run = drain(load);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  firstRequestAt = undefined;
  await run(db, backend.url);
  const ms = performance.now() - startedAt;
  const cpu = cpuMs(cpuBefore);
  const { requests, bytes } = await backend.order(order);
  return {
    ms,
    requests,
    bytes,
    cpuMicrosPerEntry: (cpu * 1000) / entriesOf(load),
    firstRequestMs: (firstRequestAt ?? Number.NaN) - startedAt,
  };
}

/** The part of a load that can be drained within the time, or all of it. */
function sample(load: Load, { requests }: Candidate, latencyMs: number, longestMs: number): Load {
  const affordable = Math.max(1, Math.floor(longestMs / (latencyMs + REQUEST_MS)));
  const share = affordable / requests(load);
  if (share >= 1) return load;
  const { transactions, entriesEach } = load;
  if (transactions === 1) return { ...load, entriesEach: Math.max(1, Math.floor(entriesEach * share)) };
  return { ...load, transactions: Math.max(1, Math.floor(transactions * share)) };
}

function scaled(
  measured: Measured,
  whole: Load,
  part: Load,
): Omit<DrainResult, 'load' | 'latencyMs' | 'candidate'> {
  const factor = entriesOf(whole) / entriesOf(part);
  if (factor === 1) return measured;
  const { ms, requests, bytes } = measured;
  return {
    ...measured,
    ms: ms * factor,
    requests: Math.round(requests * factor),
    bytes: Math.round(bytes * factor),
    sampledEntries: entriesOf(part),
  };
}

function medians(measured: readonly Measured[]): Measured {
  const of = (name: keyof Measured): number => median(measured.map((each) => each[name]));
  return {
    ms: of('ms'),
    requests: of('requests'),
    bytes: of('bytes'),
    cpuMicrosPerEntry: of('cpuMicrosPerEntry'),
    firstRequestMs: of('firstRequestMs'),
  };
}

/** When the headers of the first request after the last reset were written to the socket. */
let firstRequestAt: number | undefined;
subscribe('undici:client:sendHeaders', () => {
  firstRequestAt ??= performance.now();
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
