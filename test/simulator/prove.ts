// npm run prove [-- --histories 100000 --from 1]: runs histories until one violates a promise, and then makes it short.
import { parseArgs } from 'node:util';
import { run } from './history.ts';
import { type Plan, plan } from './plan.ts';
import { loadRealms } from './realms.ts';
import { shrink } from './shrink.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string', default: '100000' },
    from: { type: 'string', default: '1' },
    plan: { type: 'string' },
  },
});
const realms = await loadRealms(16);
/** What kind a violation is, whatever it is about. */
const kind = (text: string): string => text.replace(/\S*\d\S*/g, '…');
if (values.plan) {
  console.log(await run(JSON.parse(values.plan) as Plan, realms));
} else {
  const [count, from] = [Number(values.histories), Number(values.from)];
  const startedAt = performance.now();
  let steps = 0;
  for (let seed = from; seed < from + count; seed++) {
    const made = plan(seed);
    steps += made.actions.length;
    const violations = await run(made, realms);
    if (violations.length > 0) {
      console.error(`Seed ${seed} violates:\n  ${violations.join('\n  ')}\nMaking it short ...`);
      const kinds = new Set(violations.map(kind));
      const short = await shrink(made, async (each) =>
        (await run(each, realms)).some((v) => kinds.has(kind(v))),
      );
      console.error(`  ${(await run(short, realms)).join('\n  ')}\n`);
      console.error(`node test/simulator/prove.ts --plan '${JSON.stringify(short)}'`);
      process.exit(1);
    }
    if (seed % 10_000 === 0) console.log(`${seed - from + 1} histories`);
  }
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  console.log(`${count} histories with ${steps} steps: no promise was violated (${seconds} s).`);
}
