// CPU time of the connector per entry, without the SDK's reads, beside JSON.stringify of the same entry.
import {
  BackendConnector,
  type ConnectorDatabase,
  type CrudEntryLike,
  type Transport,
} from 'powersync-backend-connector';
import { writeApi } from 'powersync-backend-connector/http';

const ENTRIES = 50_000;
const entries: CrudEntryLike[] = Array.from({ length: ENTRIES }, (_, i) => ({
  clientId: i + 1,
  op: 'PUT',
  table: 'todos',
  id: `8f14e45f-ceea-467f-a830-${String(i).padStart(12, '0')}`,
  transactionId: i + 1,
  opData: {
    description: 'Water the plants on the balcony',
    completed: 0,
    list_id: 'c9f0f895-fb98-4b91-9c3d-1a2b3c4d5e6f',
  },
}));

/** A queue in memory, so that what is measured is the connector alone. */
function memoryQueue(): ConnectorDatabase {
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
    getAll: async () => [],
  };
}

const answer = JSON.stringify({ results: Array.from({ length: 50 }, () => ({ status: 'success' })) });

async function answerAtOnce(): Promise<Response> {
  return new Response(answer, { headers: { 'content-type': 'application/json' } });
}

async function measure(run: () => Promise<void> | void): Promise<number> {
  const figures: number[] = [];
  for (let i = 0; i < 9; i++) {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    if (i >= 2) figures.push((user + system) / ENTRIES);
  }
  return figures.sort((a, b) => a - b)[Math.floor(figures.length / 2)] as number;
}

function drainWith(transport: Transport): () => Promise<void> {
  return async () => {
    const connector = new BackendConnector({
      endpoint: 'https://service.invalid',
      credentials: async () => ({ token: 'header.e30.signature' }),
      transport,
    });
    const report = await connector.drain(memoryQueue());
    if (!report.drained) throw report.error;
  };
}

let length = 0;
const stringify = await measure(() => {
  for (const entry of entries) length += JSON.stringify(entry).length;
});
console.log(
  `\nCPU per entry, ${ENTRIES} transactions of one entry of ${Math.round(length / ENTRIES / 9)} characters`,
);
const print = (what: string, cpu: number): void =>
  console.log(`  ${what.padEnd(44)} ${cpu.toFixed(2)} µs  ${(cpu / stringify).toFixed(1)}×`);
print('JSON.stringify', stringify);
print(
  'core, with a transport that does nothing',
  await measure(drainWith(async ({ transactions }) => transactions.map(() => ({ status: 'applied' })))),
);
print(
  'core, encoding and decoding',
  await measure(drainWith(writeApi({ url: 'https://backend.invalid', ky: answerAtOnce }))),
);
print(
  'core, encoding, decoding and ky',
  await measure(drainWith(writeApi({ url: 'https://backend.invalid', fetch: answerAtOnce }))),
);
