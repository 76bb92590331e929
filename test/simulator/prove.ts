// npm run prove: runs the scenarios, then histories until one violates a promise, then tests with killed processes. A
//   history that violates a promise is made shorter.
// npm run prove -- --histories 1000 --from 1: runs the scenarios, and this number of histories from this seed on. npm
// run prove -- --planted: plants faults in the core, one at a time. The same checks have to find them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { run } from './history.ts';
import { type Plan, plan } from './plan.ts';
import { FAULTS } from './planted/faults.ts';
import { hunt, REALMS } from './planted/hunt.ts';
import { loadRealms } from './realms.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { shrink } from './shrink.ts';
import { isMine, shareOut } from './workers.ts';

const { values } = parseArgs({
  options: {
    histories: { type: 'string' },
    from: { type: 'string', default: '1' },
    plan: { type: 'string' },
    planted: { type: 'boolean', default: false },
    part: { type: 'string' },
  },
});
/** The number of histories. */
const count = Number(values.histories ?? 100_000);
/** How many histories to run at most to find one planted fault. */
const MOST_HISTORIES = 10_000;
const script = fileURLToPath(import.meta.url);
const args = process.argv.slice(2);
const startedAt = performance.now();
const seconds = (): string => ((performance.now() - startedAt) / 1_000).toFixed(0);

if (values.plan) await replay(JSON.parse(values.plan) as Plan);
else if (values.planted) await (values.part ? huntFor(values.part) : plantAll());
else await (values.part ? proveSome(values.part) : proveAll());

async function replay(which: Plan): Promise<void> {
  console.log(await run(which, await loadRealms(REALMS)));
}

async function proveAll(): Promise<void> {
  const [realm] = await loadRealms(1);
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const violations = realm ? await scenario(realm) : [];
    if (violations.length === 0) continue;
    console.error(`The scenario ${name} violates:\n  ${violations.join('\n  ')}`);
    process.exit(1);
  }
  let steps = 0;
  let histories = 0;
  const isProven = await shareOut<{ steps: number }>(script, args, (message) => {
    steps += message.steps;
    if (++histories % 10_000 === 0) console.log(`${histories} histories (${seconds()} s)`);
  });
  if (!isProven) process.exit(1);
  const what = `${Object.keys(SCENARIOS).length} scenarios, and ${count} histories with ${steps} steps`;
  console.log(`${what}: no promise was violated (${seconds()} s).`);
  if (values.histories === undefined) killProcesses();
}

/** Runs 29 rounds of a test that `npm test` runs once. */
function killProcesses(): void {
  const env = { ...process.env, KILL_ROUNDS: '29' };
  const { status } = spawnSync('vitest', ['run', 'test/faults', '-t', 'the process is killed'], {
    env,
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

/** The kind of a violation, without the writes that it is about. */
function kind(text: string): string {
  return text.replace(/\S*\d\S*/g, '…');
}

async function proveSome(part: string): Promise<void> {
  const realms = await loadRealms(REALMS);
  const from = Number(values.from);
  for (let seed = from; seed < from + count; seed++) {
    if (!isMine(part, seed)) continue;
    const made = plan(seed);
    const violations = await run(made, realms);
    process.send?.({ steps: made.actions.length });
    if (violations.length === 0) continue;
    console.error(`Seed ${seed} violates:\n  ${violations.join('\n  ')}\nMaking it shorter ...`);
    const kinds = new Set(violations.map(kind));
    const short = await shrink(made, async (each) =>
      (await run(each, realms)).some((text) => kinds.has(kind(text))),
    );
    console.error(`  ${(await run(short, realms)).join('\n  ')}\n`);
    console.error(`node test/simulator/prove.ts --plan '${JSON.stringify(short)}'`);
    process.exit(1);
  }
}

async function plantAll(): Promise<void> {
  let found = 0;
  await shareOut<{ found: boolean; line: string }>(script, args, (message) => {
    if (message.found) found++;
    console.log(message.line);
  });
  console.log(`${found} of ${FAULTS.length} planted faults found (${seconds()} s).`);
  if (found < FAULTS.length) process.exit(1);
}

async function huntFor(part: string): Promise<void> {
  const clean = await loadRealms(REALMS);
  for (const [index, fault] of FAULTS.entries()) {
    if (!isMine(part, index)) continue;
    let isFound = false;
    let line = `NOT FOUND: ${fault.name}`;
    try {
      const found = await hunt(fault, MOST_HISTORIES, clean);
      isFound = found !== undefined;
      const how = found?.histories ? `history ${found.histories}` : `scenario ${fault.by}`;
      if (found) line = `found: ${fault.name} (${how}: ${found.violation})`;
    } catch (error) {
      line = `NOT PLANTED: ${fault.name}: ${error}`;
    }
    process.send?.({ found: isFound, line });
  }
}
