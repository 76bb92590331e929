// Peak memory while draining a long queue beside a short one, each in a process of its own.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fillQueue, withDatabase } from './queue.ts';
import { connector } from './uploaders.ts';

const self = fileURLToPath(import.meta.url);
const count = Number(process.argv[2]);

if (count) {
  await withDatabase(async (db) => {
    await fillQueue(db, count);
    globalThis.gc?.();
    const before = process.resourceUsage().maxRSS;
    await connector(
      50,
      () =>
        async ({ transactions }) =>
          transactions.map(() => ({ status: 'applied' })),
    )(db, '');
    process.stdout.write(JSON.stringify({ before, after: process.resourceUsage().maxRSS }));
  });
} else {
  console.log('\nPeak resident memory while draining, at 50 transactions per request');
  for (const entries of [10_000, 1_000_000]) {
    const printed = execFileSync(process.execPath, ['--expose-gc', self, String(entries)], {
      encoding: 'utf8',
    });
    const { before, after } = JSON.parse(printed) as { before: number; after: number };
    const inMb = (kb: number): string => (kb / 1024).toFixed(0).padStart(4);
    console.log(
      `  ${String(entries).padStart(9)} entries   ${inMb(before)} MB when filled, ${inMb(after)} MB when drained`,
    );
  }
}
