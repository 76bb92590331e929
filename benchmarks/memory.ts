// Peak memory while draining a long queue beside a short one, each in a process of its own.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Transport } from 'powersync-backend-connector';
import { fillQueue, withDatabase } from './queue.ts';
import { connector, type Uploader } from './uploaders.ts';

const self = fileURLToPath(import.meta.url);
const applyAll: Transport = async ({ transactions }) => transactions.map(() => ({ status: 'applied' }));
const drains: Record<string, Uploader> = {
  'the SDK alone': async (db) => {
    for (let requests = 0; ; requests++) {
      const batch = await db.getCrudBatch(50);
      if (!batch) return requests;
      await batch.complete();
    }
  },
  connector: connector(50, () => applyAll),
};

const [, , name, count] = process.argv;
if (name && count) {
  await withDatabase(async (db) => {
    await fillQueue(db, Number(count));
    globalThis.gc?.();
    const before = process.resourceUsage().maxRSS;
    await drains[name]?.(db, '');
    const after = process.resourceUsage().maxRSS;
    globalThis.gc?.();
    process.stdout.write(
      JSON.stringify({ peakKb: after - before, heapMb: process.memoryUsage().heapUsed / 2 ** 20 }),
    );
  });
} else {
  console.log(
    '\nMemory while draining, 50 transactions per request (resident memory beyond that of the filled queue)',
  );
  for (const drain of Object.keys(drains)) {
    for (const entries of [10_000, 1_000_000]) {
      const printed = execFileSync(process.execPath, ['--expose-gc', self, drain, String(entries)], {
        encoding: 'utf8',
      });
      const { peakKb, heapMb } = JSON.parse(printed) as { peakKb: number; heapMb: number };
      const peak = `+ ${(peakKb / 1024).toFixed(0)} MB at the peak`;
      console.log(
        `  ${drain.padEnd(14)} ${String(entries).padStart(9)} entries   ${peak}, ${heapMb.toFixed(0)} MB of heap in use after it`,
      );
    }
  }
}
