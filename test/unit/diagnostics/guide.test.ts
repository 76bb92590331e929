import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const guide = read('docs/guide/observability.md');

/** The words between the first pair of backquotes of each row of the table that starts with this head. */
function firstColumn(head: string): string[] {
  const [, table = ''] = guide.split(`${head}\n`);
  const [rows = ''] = table.split('\n\n');
  return [...rows.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name = '']) => name);
}

it('the guide tells of every event with its members, and of no other', () => {
  const events = read('src/status/events.ts').split("type: '").slice(1);
  const types = events.map((event) => /^[\w-]+/.exec(event)?.[0] ?? '');
  expect(types.length).toBeGreaterThan(10);
  expect(firstColumn('| `type` | when | members |').sort()).toEqual([...types].sort());
  for (const [index, event] of events.entries()) {
    const row = guide.split('\n').find((line) => line.startsWith(`| \`${types[index]}\` | `));
    for (const [, member] of event.matchAll(/readonly (\w+)\??:/g)) {
      if (member !== 'type') expect(row).toContain(`\`${member}\``);
    }
  }
});

it('the guide tells of every member of the status, and every phase', () => {
  const source = read('src/status/upload-status.ts');
  const [status = ''] = source.split('export interface UploadCounters');
  const members = [...status.matchAll(/^ {2}readonly (\w+):/gm)].map(([, name]) => name);
  expect(firstColumn('| member | meaning |')).toEqual(members);
  const [, phases = ''] = /phase: ('.*);/.exec(status) ?? [];
  for (const [, phase] of phases.matchAll(/'([\w-]+)'/g)) expect(guide).toContain(`\`${phase}\``);
});
