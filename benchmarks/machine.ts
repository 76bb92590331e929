import { readFileSync } from 'node:fs';
import { cpus, totalmem, type } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly sdk: string;
  /** The date of the run. */
  readonly date: string;
}

export function describeMachine(): Machine {
  const [first] = cpus();
  const sdk = JSON.parse(
    readFileSync(new URL('../node_modules/@powersync/node/package.json', import.meta.url), 'utf8'),
  );
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: type(),
    node: process.version.slice(1),
    sdk: `@powersync/node ${sdk.version}`,
    date: new Date().toISOString().slice(0, 10),
  };
}
