import { CANDIDATES } from './candidates.ts';
import { barChart, logLogChart } from './chart.ts';
import type { ChromiumResult } from './chromium.ts';
import { type CpuResult, STRINGIFY } from './cpu.ts';
import type { DrainResult } from './drain.ts';
import type { IdleResult } from './idle.ts';
import { type LengthResult, SDK_ALONE } from './length.ts';
import { LOADS } from './loads.ts';
import type { Machine } from './machine.ts';
import type { SizeResult } from './size.ts';

/** The results of one run. Parts that were not requested are missing. */
export interface Results {
  readonly machine: Machine;
  readonly runs: number;
  readonly bandwidthKbit?: number | undefined;
  readonly drains?: readonly DrainResult[];
  readonly lengths?: readonly LengthResult[];
  readonly chromium?: readonly ChromiumResult[];
  readonly cpu?: readonly CpuResult[];
  readonly idle?: IdleResult;
  readonly sizes?: readonly SizeResult[];
}

/** The floor that a candidate is compared with: it sends the same amount per request. Default: `floor`. */
const FLOOR_OF: Readonly<Record<string, string>> = { 'connector-uncapped': 'floor-uncapped' };

/** Returns the Markdown of each part, by its name in the documents. */
export function tables(results: Results): Record<string, string> {
  const { drains, lengths, chromium, cpu, idle, sizes } = results;
  const made: Record<string, string> = { machine: machineLine(results) };
  if (drains) {
    made.summary = summary(drains);
    for (const load of unique(drains.map((each) => each.load)))
      made[`load-${load}`] = loadTables(drains, load);
    made.budgets = budgets(results);
  }
  if (lengths) made.lengths = lengthTable(lengths);
  if (chromium) made.chromium = chromiumTable(chromium);
  if (cpu) made.cpu = cpuTable(cpu);
  if (idle) made.idle = idleTable(idle);
  if (sizes) made.sizes = sizeTable(sizes);
  return made;
}

/** Returns SVG charts, by file name. */
export function charts({ drains = [], lengths = [] }: Results): Record<string, string> {
  const made: Record<string, string> = {};
  const single = drains.filter(({ load, latencyMs }) => load === 'single' && latencyMs === 50);
  if (single.length > 0) {
    made['drain.svg'] = barChart(
      'Time to drain 20,000 single writes at 50 ms latency',
      'Logarithmic scale. Times with ≈ are extrapolated from a sample.',
      single.map((result) => ({
        label: nameOf(result.candidate),
        value: result.ms,
        text: `${duration(result)}, ${count(result.requests)} ${result.requests === 1 ? 'request' : 'requests'}`,
        colour: CANDIDATES[result.candidate]?.kind ?? 'usual',
      })),
    );
  }
  if (unique(lengths.map(({ entries }) => entries)).length > 1) {
    const points = (candidate: string): [number, number][] =>
      lengths.filter((each) => each.candidate === candidate).map(({ entries, ms }) => [entries, ms]);
    made['length.svg'] = logLogChart(
      'Time to drain by length of the queue',
      'Single writes, 50 per request, no latency. Both scales are logarithmic.',
      [
        { label: 'this connector', colour: 'ours', points: points('connector') },
        { label: 'the SDK alone', colour: 'usual', points: points(SDK_ALONE) },
      ],
      { x: count, y: (ms) => (ms >= 1000 ? `${count(ms / 1000)} s` : `${ms} ms`) },
    );
  }
  return made;
}

function machineLine({ machine, runs, bandwidthKbit }: Results): string {
  const { cpu, cores, memoryGb, system, node, sdk, date } = machine;
  const bandwidth = bandwidthKbit ? `, ${count(bandwidthKbit)} kbit/s` : '';
  return `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}, ${sdk}, ${date}; medians of ${runs} runs, or more if a run is short${bandwidth}.`;
}

function summary(drains: readonly DrainResult[]): string {
  const latencies = unique(drains.map(({ latencyMs }) => latencyMs));
  const single = drains.filter(({ load }) => load === 'single');
  if (single.length === 0) return '';
  return table(
    ['20,000 single writes', 'requests', ...latencies.map((ms) => `${ms} ms`)],
    unique(single.map(({ candidate }) => candidate)).map((candidate) => {
      const own = single.filter((each) => each.candidate === candidate);
      const name = nameOf(candidate);
      return [
        CANDIDATES[candidate]?.kind === 'ours' ? `**${name}**` : name,
        count(own[0]?.requests ?? 0),
        ...latencies.map((ms) => cell(own.find((each) => each.latencyMs === ms))),
      ];
    }),
  );
}

function cell(result: DrainResult | undefined): string {
  return result ? duration(result) : '';
}

function loadTables(drains: readonly DrainResult[], load: string): string {
  const own = drains.filter((each) => each.load === load);
  const latencies = unique(own.map(({ latencyMs }) => latencyMs));
  const candidates = unique(own.map(({ candidate }) => candidate));
  const at = (candidate: string, latencyMs: number | undefined): DrainResult | undefined =>
    own.find((each) => each.candidate === candidate && each.latencyMs === latencyMs);
  const [lowest] = latencies;
  const times = candidates.map((candidate) => [
    nameOf(candidate),
    ...latencies.map((latencyMs) => {
      const result = at(candidate, latencyMs);
      const floor = at(floorOf(candidate), latencyMs);
      return result && floor ? `${duration(result)} (${ratio(result.ms / floor.ms)})` : cell(result);
    }),
  ]);
  const costs = candidates.map((candidate) => {
    const result = at(candidate, lowest);
    const floor = at(floorOf(candidate), lowest);
    if (!result) return [nameOf(candidate)];
    const { requests, bytes, cpuMicrosPerEntry, firstRequestMs } = result;
    const cpuRatio = floor ? ` (${ratio(cpuMicrosPerEntry / floor.cpuMicrosPerEntry)})` : '';
    return [
      nameOf(candidate),
      count(requests),
      `${(bytes / 1e6).toFixed(1)} MB`,
      `${micros(cpuMicrosPerEntry)}${cpuRatio}`,
      `${milliseconds(firstRequestMs)}`,
    ];
  });
  return [
    table([LOADS[load]?.name ?? load, ...latencies.map((ms) => `${ms} ms`)], times),
    table(['', 'requests', 'bodies', 'CPU per entry', 'time to first request'], costs),
  ].join('\n\n');
}

/** Returns the table of budgets. */
function budgets({ drains = [], lengths = [], cpu = [] }: Results): string {
  const rows: string[][] = [];
  const add = (what: string, budget: string, measured: string, kept: boolean): void => {
    rows.push([what, budget, measured, kept ? 'kept' : '**missed**']);
  };
  for (const candidate of ['connector', 'connector-uncapped']) {
    for (const load of unique(drains.map((each) => each.load))) {
      const ratios = drains
        .filter((each) => each.load === load && each.candidate === candidate)
        .flatMap(({ latencyMs, ms }) => {
          const floor = drains.find(
            (each) =>
              each.load === load && each.latencyMs === latencyMs && each.candidate === floorOf(candidate),
          );
          return floor ? [{ latencyMs, ratio: ms / floor.ms }] : [];
        });
      const cap = candidate === 'connector' ? '50 per request' : 'no cap';
      const name = `${LOADS[load]?.name}, ${cap}`;
      for (const { latencyMs, ratio: measured } of ratios) {
        const most = latencyMs === 0 ? 1.25 : 1.05;
        add(
          `${name}, ${latencyMs} ms: compared with the floor`,
          `≤ ${most}×`,
          ratio(measured),
          measured <= most,
        );
      }
    }
  }
  const at50 = (candidate: string): number | undefined =>
    drains.find((each) => each.load === 'single' && each.latencyMs === 50 && each.candidate === candidate)
      ?.ms;
  const usual = at50('reference');
  for (const [candidate, least] of [
    ['connector', 45],
    ['connector-uncapped', 300],
  ] as const) {
    const own = at50(candidate);
    if (!usual || !own) continue;
    const name = `20,000 single writes at 50 ms, ${nameOf(candidate)}: compared with one transaction per request`;
    add(name, `≥ ${least} times as fast`, `≈ ${Math.round(usual / own)} times`, usual / own >= least);
  }
  const grown = (candidate: string): number => {
    const peak = (entries: number): number =>
      lengths.find((each) => each.entries === entries && each.candidate === candidate)?.peakMb ?? Number.NaN;
    return peak(1_000_000) - peak(10_000);
  };
  const own = grown('connector');
  if (!Number.isNaN(own)) {
    const others = `the floor ${signed(grown('floor'))} MB, the SDK alone ${signed(grown(SDK_ALONE))} MB`;
    add(
      'peak memory: 1,000,000 entries compared with 10,000',
      'at most + 20 MB',
      `${signed(own)} MB; ${others}`,
      own <= 20,
    );
  }
  const stringify = cpu.find(({ what }) => what === STRINGIFY)?.microsPerEntry ?? Number.NaN;
  for (const { what, microsPerEntry } of cpu.slice(1, 5)) {
    const measured = microsPerEntry / stringify;
    add(`CPU per entry: ${what}`, '≤ 3× JSON.stringify', ratio(measured), measured <= 3);
  }
  return table(['', 'budget', 'measured', ''], rows);
}

function lengthTable(lengths: readonly LengthResult[]): string {
  const names: Record<string, string> = { [SDK_ALONE]: 'the SDK alone: reads and completes, sends nothing' };
  return table(
    ['entries', '', 'time', 'time per entry', 'CPU per entry', 'peak memory', 'heap kept afterwards'],
    lengths.map(({ candidate, entries, ms, cpuMicrosPerEntry, peakMb, keptMb }) => [
      count(entries),
      names[candidate] ?? nameOf(candidate),
      time(ms),
      micros((ms * 1000) / entries),
      micros(cpuMicrosPerEntry),
      `+ ${peakMb.toFixed(0)} MB`,
      `${signed(keptMb)} MB`,
    ]),
  );
}

function chromiumTable(chromium: readonly ChromiumResult[]): string {
  const loads = unique(chromium.map(({ load }) => load));
  const names: Record<string, string> = {
    single: '5,000 of one entry',
    several: '400 of 25',
    one: 'one of 20,000',
  };
  return table(
    [
      `Chromium, ${chromium[0]?.latencyMs} ms: time, longest task`,
      ...loads.map((load) => names[load] ?? load),
    ],
    unique(chromium.map(({ candidate }) => candidate)).map((candidate) => [
      nameOf(candidate),
      ...loads.map((load) => {
        const result = chromium.find((each) => each.load === load && each.candidate === candidate);
        return result ? `${time(result.ms)}, ${milliseconds(result.longestTaskMs)}` : '';
      }),
    ]),
  );
}

function cpuTable(cpu: readonly CpuResult[]): string {
  const stringify = cpu.find(({ what }) => what === STRINGIFY)?.microsPerEntry ?? Number.NaN;
  return table(
    ['CPU per entry', '', 'compared with JSON.stringify'],
    cpu.map(({ what, microsPerEntry }) => [what, micros(microsPerEntry), ratio(microsPerEntry / stringify)]),
  );
}

function idleTable({ kilobytes, resources, cpuMsPerSecond, cpuMsPerSecondWithout }: IdleResult): string {
  return table(
    ['an idle connector', ''],
    [
      ['timers, sockets and other resources of 1,000 connectors', String(resources)],
      ['JavaScript heap of one connector', `${kilobytes.toFixed(1)} kB`],
      [
        'CPU time of 1,000 connectors per second (the same process without them)',
        `${cpuMsPerSecond.toFixed(1)} ms (${cpuMsPerSecondWithout.toFixed(1)} ms)`,
      ],
    ],
  );
}

function sizeTable(sizes: readonly SizeResult[]): string {
  return table(
    ['in the bundle of an app', 'min+gzip'],
    sizes.map(({ what, bytes, kind }) => [
      kind === 'ours' ? what : `for comparison: ${what}`,
      `${(bytes / 1000).toFixed(1)} kB`,
    ]),
  );
}

export function nameOf(candidate: string): string {
  return CANDIDATES[candidate]?.name ?? candidate;
}

function floorOf(candidate: string): string {
  return FLOOR_OF[candidate] ?? 'floor';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const align = head.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(head), line(align), ...rows.map(line)].join('\n');
}

/** Formats a time, with ≈ if it is extrapolated. */
export function duration({ ms, sampledEntries }: Pick<DrainResult, 'ms' | 'sampledEntries'>): string {
  return sampledEntries ? `≈ ${time(ms)}` : time(ms);
}

function time(ms: number): string {
  if (ms < 1_000) return milliseconds(ms);
  if (ms < 120_000) return `${(ms / 1000).toPrecision(3)} s`;
  return `${(ms / 60_000).toPrecision(2)} min`;
}

function milliseconds(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

function micros(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} µs`;
}

function ratio(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)}×`;
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'} ${Math.abs(value).toFixed(value > -10 && value < 10 ? 1 : 0)}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}
