// CPU time of the connector per entry, without the SDK's reads, compared with JSON.stringify of the same entry.
import {
  BackendConnector,
  type ConnectorDatabase,
  type CrudEntryLike,
  type Transport,
} from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';
import { SURVEY, SURVEY_OF_ENTRIES } from '../src/queue/survey.ts';
import { cpuMs, median } from './statistics.ts';

export interface CpuResult {
  readonly what: string;
  readonly microsPerEntry: number;
}

const ENTRIES = 50_000;
/** Transactions in a request. */
const CAP = 50;
const RUNS = 9;
const WARM_UPS = 2;

function makeQueue(entriesEach: number): CrudEntryLike[] {
  return Array.from({ length: ENTRIES }, (_, i) => ({
    clientId: i + 1,
    op: 'PUT',
    table: 'todos',
    id: `8f14e45f-ceea-467f-a830-${String(i).padStart(12, '0')}`,
    transactionId: Math.floor(i / entriesEach) + 1,
    opData: {
      description: 'Water the plants on the balcony',
      completed: 0,
      list_id: 'c9f0f895-fb98-4b91-9c3d-1a2b3c4d5e6f',
    },
  }));
}

/** A queue in memory, so that only the connector is measured. */
function inMemory(entries: readonly CrudEntryLike[], entriesEach: number): ConnectorDatabase {
  let head = 0;
  return {
    getClientId: async () => 'bench',
    async getCrudBatch(limit = 100) {
      const end = Math.min(head + limit, ENTRIES);
      if (head === end) return null;
      const complete = async (): Promise<void> => {
        head = end;
      };
      return { crud: entries.slice(head, end), haveMore: end < ENTRIES, complete };
    },
    getUploadQueueStats: async () => ({ count: ENTRIES - head }),
    execute: async () => {},
    async getAll<T>(sql: string, parameters: unknown[] = []) {
      if (sql !== SURVEY && sql !== SURVEY_OF_ENTRIES) return [];
      const from = Math.max(head, Number(parameters[0]));
      const lastOpId = Math.min(ENTRIES, from + CAP * entriesEach);
      return [
        { lastOpId, entries: lastOpId - from, haveMore: lastOpId < ENTRIES ? 1 : 0, hasOwners: 0 },
      ] as T[];
    },
  };
}

const answer = JSON.stringify({ results: Array.from({ length: CAP }, () => ({ status: 'success' })) });

async function answerAtOnce(): Promise<Response> {
  return new Response(answer, { headers: { 'content-type': 'application/json' } });
}

function drainWith(transport: Transport, entriesEach: number): () => Promise<void> {
  const entries = makeQueue(entriesEach);
  return async () => {
    const connector = new BackendConnector({
      endpoint: 'https://service.invalid',
      credentials: async () => ({ token: 'header.e30.signature' }),
      transport,
      batching: { maxTransactions: CAP, maxEntries: CAP * entriesEach },
    });
    const report = await connector.drain(inMemory(entries, entriesEach));
    if (!report.drained) throw report.error;
  };
}

/** The measure for all others; first in the list. */
export const STRINGIFY = 'JSON.stringify of the entry';

const nothing: Transport = async ({ transactions }) => transactions.map(() => ({ status: 'applied' }));
const atOnce = { url: 'https://backend.invalid', maxBodyBytes: 100_000_000 };
const plain = makeQueue(1);

const SUBJECTS: Readonly<Record<string, () => Promise<void> | void>> = {
  [STRINGIFY]: () => {
    for (const entry of plain) JSON.stringify(entry);
  },
  'connector, with a transport that does nothing; transactions of one entry': drainWith(nothing, 1),
  'the same; transactions of 25': drainWith(nothing, 25),
  'connector and writeApi(), encoding and decoding; of one': drainWith(
    writeApi({ ...atOnce, ky: answerAtOnce }),
    1,
  ),
  'the same; of 25': drainWith(writeApi({ ...atOnce, ky: answerAtOnce }), 25),
  'connector, writeApi() and ky; of one': drainWith(writeApi({ ...atOnce, fetch: answerAtOnce }), 1),
  'the same, with ky; of 25': drainWith(writeApi({ ...atOnce, fetch: answerAtOnce }), 25),
};

/** Medians. The subjects take turns in each round. */
export async function measureCpu(): Promise<CpuResult[]> {
  const figures = new Map<string, number[]>();
  for (let run = -WARM_UPS; run < RUNS; run++) {
    for (const [what, subject] of Object.entries(SUBJECTS)) {
      const before = process.cpuUsage();
      await subject();
      const microsPerEntry = (cpuMs(before) * 1000) / ENTRIES;
      if (run >= 0) figures.set(what, [...(figures.get(what) ?? []), microsPerEntry]);
    }
  }
  return [...figures].map(([what, each]) => ({ what, microsPerEntry: median(each) }));
}
