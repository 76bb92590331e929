// What an idle connector costs, measured in its own process: memory, timers, CPU.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BackendConnector } from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { memoryDatabase } from 'powersync-backend-connector/testing';
import { cpuMs } from './statistics.ts';

export interface IdleResult {
  /** JavaScript heap of one connector that has uploaded something. */
  readonly kilobytes: number;
  /** Timers, sockets and similar resources that all connectors together keep. */
  readonly resources: number;
  /** CPU time that all connectors together take in a second. */
  readonly cpuMsPerSecond: number;
  /** The same process without a connector. */
  readonly cpuMsPerSecondWithout: number;
}

const CONNECTORS = 1_000;
const SECONDS = 3;
const self = fileURLToPath(import.meta.url);

export function measureIdle(): IdleResult {
  return JSON.parse(execFileSync(process.execPath, ['--expose-gc', self, 'here'], { encoding: 'utf8' }));
}

async function measureHere(): Promise<IdleResult> {
  await makeConnector(); // loads everything that is loaded on first use
  const cpuMsPerSecondWithout = await cpuOfIdling();
  const heapBefore = heap();
  const resourcesBefore = process.getActiveResourcesInfo().length;
  const connectors: BackendConnector[] = [];
  for (let i = 0; i < CONNECTORS; i++) connectors.push(await makeConnector());
  const kilobytes = (heap() - heapBefore) / 1024 / connectors.length;
  const resources = process.getActiveResourcesInfo().length - resourcesBefore;
  const cpuMsPerSecond = await cpuOfIdling();
  return { kilobytes, resources, cpuMsPerSecond, cpuMsPerSecondWithout };
}

/** A connector that has fetched a token and uploaded a write. */
async function makeConnector(): Promise<BackendConnector> {
  const connector = new BackendConnector({
    endpoint: 'https://service.invalid',
    credentials: async () => ({ token: 'header.e30.signature' }),
    transport: writeApi({ url: 'https://backend.invalid', fetch: answerAtOnce }),
  });
  const database = memoryDatabase();
  await database.put('todos', 'a', { description: 'Water the plants' });
  const report = await connector.drain(database);
  if (!report.drained) throw report.error;
  await connector.fetchCredentials();
  return connector;
}

async function answerAtOnce(): Promise<Response> {
  return Response.json({ results: [{ status: 'success' }] });
}

async function cpuOfIdling(): Promise<number> {
  heap(); // otherwise garbage that is collected late would count
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  return cpuMs(before) / SECONDS;
}

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

if (process.argv[2] === 'here' && process.argv[1] === self)
  process.stdout.write(JSON.stringify(await measureHere()));
