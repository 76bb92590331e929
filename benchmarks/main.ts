// `npm run bench` measures everything side by side, prints it, and writes it into the documents. With options that
// leave something out, it only prints. `npm run bench -- --help` lists the options.
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CANDIDATES } from './candidates.ts';
import { measureChromium } from './chromium.ts';
import { measureCpu } from './cpu.ts';
import { type DrainResult, measureDrains } from './drain.ts';
import { measureIdle } from './idle.ts';
import { type LengthResult, measureLengths } from './length.ts';
import { LOADS } from './loads.ts';
import { describeMachine } from './machine.ts';
import { charts, duration, nameOf, type Results, tables } from './report.ts';
import { measureSizes } from './size.ts';
import { writeBetween } from './write-between.ts';

const PARTS = ['drains', 'lengths', 'chromium', 'cpu', 'idle', 'sizes'];
const LATENCIES = [0, 20, 50, 150];
const LENGTHS = [100, 1_000, 10_000, 100_000, 1_000_000];

const HELP = `Usage: npm run bench -- [options]

  --part ${PARTS.join(',')}
  --load ${Object.keys(LOADS).join(',')}
  --latency ${LATENCIES.join(',')} (milliseconds)
  --candidate ${Object.keys(CANDIDATES).join(',')}
  --length ${LENGTHS.join(',')} (entries)
  --runs 3 (the medians are shown; three times as many if a run takes less than half a second)
  --seconds 2 (the most that a single drain may take, about; longer ones are extrapolated from a part, and marked)
  --bandwidth 1000 (kbit/s of request bodies; default: unlimited)
  --write (also write into the documents and benchmarks/results.json; this is the default if nothing is left out)

Only the parts and values that you name are measured. Without options, all of them are: about a quarter of an hour.`;

const { values } = parseArgs({
  options: {
    part: { type: 'string' },
    load: { type: 'string' },
    latency: { type: 'string' },
    candidate: { type: 'string' },
    length: { type: 'string' },
    runs: { type: 'string' },
    seconds: { type: 'string' },
    bandwidth: { type: 'string' },
    write: { type: 'boolean' },
    help: { type: 'boolean' },
  },
});

if (values.help) console.log(HELP);
else await run();

async function run(): Promise<void> {
  const asked = values.load || values.latency || values.candidate || values.bandwidth ? ['drains'] : PARTS;
  const parts = chosen('part', values.part, values.length && !values.part ? ['lengths'] : asked, PARTS);
  const runs = number('runs', values.runs, 3);
  const bandwidthKbit = values.bandwidth === undefined ? undefined : number('bandwidth', values.bandwidth, 0);
  let results: Results = { machine: describeMachine(), runs, bandwidthKbit };

  if (parts.includes('cpu')) results = { ...results, cpu: await measureCpu() };
  if (parts.includes('idle')) results = { ...results, idle: measureIdle() };
  if (parts.includes('sizes')) results = { ...results, sizes: await measureSizes() };
  if (parts.includes('drains')) {
    const options = {
      loads: chosen('load', values.load, Object.keys(LOADS)),
      latencies: chosen('latency', values.latency, LATENCIES.map(String), null).map(Number),
      candidates: chosen('candidate', values.candidate, Object.keys(CANDIDATES)),
      runs,
      bytesPerMs: bandwidthKbit && bandwidthKbit / 8,
      longestMs: 1000 * number('seconds', values.seconds, 2),
    };
    results = { ...results, drains: await measureDrains(options, printDrain) };
  }
  if (parts.includes('lengths')) {
    const lengths = chosen('length', values.length, LENGTHS.map(String), null).map(Number);
    results = { ...results, lengths: await measureLengths(lengths, printLength) };
  }

  if (parts.includes('chromium')) {
    const chromium = await measureChromium(runs, ({ load, candidate, ms }) =>
      console.log(`Chromium, ${LOADS[load]?.name}: ${ms.toFixed(0)} ms: ${nameOf(candidate)}`),
    );
    if (chromium) results = { ...results, chromium };
    else console.log('There is no Chromium on this machine, so its part is skipped.');
  }

  const made = tables(results);
  for (const [name, text] of Object.entries(made)) console.log(`\n${name}\n\n${text}`);
  const { write, ...narrowing } = values;
  if (!write && Object.keys(narrowing).length > 0) return;
  const root = new URL('../', import.meta.url);
  writeFileSync(new URL('benchmarks/results.json', root), `${JSON.stringify(results, null, 2)}\n`);
  mkdirSync(new URL('docs/charts/', root), { recursive: true });
  for (const [name, svg] of Object.entries(charts(results)))
    writeFileSync(new URL(`docs/charts/${name}`, root), svg);
  for (const document of ['README.md', 'docs/performance.md']) writeBetween(new URL(document, root), made);
}

function printDrain(result: DrainResult): void {
  const { load, latencyMs, candidate, requests, cpuMicrosPerEntry } = result;
  console.log(
    `${LOADS[load]?.name}, ${latencyMs} ms: ${duration(result)}, ${requests} requests, ${cpuMicrosPerEntry.toFixed(1)} µs of CPU an entry: ${nameOf(candidate)}`,
  );
}

function printLength({ candidate, entries, ms, peakMb }: LengthResult): void {
  console.log(`${entries} entries: ${ms.toFixed(0)} ms, + ${peakMb.toFixed(0)} MB: ${nameOf(candidate)}`);
}

function chosen(
  option: string,
  value: string | undefined,
  all: readonly string[],
  known: readonly string[] | null = all,
): readonly string[] {
  if (value === undefined) return all;
  const named = value.split(',');
  const wrong = named.filter((each) => (known ? !known.includes(each) : !(Number(each) >= 0)));
  if (wrong.length > 0)
    throw new TypeError(`--${option}: ${wrong.join(', ')} is not one of ${(known ?? all).join(', ')}`);
  return named;
}

function number(option: string, value: string | undefined, otherwise: number): number {
  const given = value === undefined ? otherwise : Number(value);
  if (!(given > 0)) throw new TypeError(`--${option} must be a number above 0`);
  return given;
}
