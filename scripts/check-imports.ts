// Checks that imports between the rooms of src/ go downwards, without circles. Imports of types count too.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** The rooms, lowest first. Each may import from the rows before its own; rooms in one row don't import each other. */
const ROOMS = [
  ['check-options.ts'],
  ['error'],
  ['time'],
  ['database'],
  ['queue'],
  ['transport'],
  ['auth'],
  ['contract'],
  ['status'],
  ['rejections'],
  ['options.ts'],
  ['upload'],
  ['owners'],
  ['backend-connector.ts'],
  ['combine', 'codes', 'transforms'],
  ['http'],
  ['graphql', 'connect', 'supabase', 'diagnostics'],
  ['presets'],
  ['index.ts'],
  ['testing'],
  ['verify'],
  ['cli'],
];

const root = join(dirname(import.meta.dirname), 'src');
const IMPORT = /^(?:import|export)\s[^;]*?from\s+'(\.{1,2}\/[^']+)'|^import\s+'(\.{1,2}\/[^']+)'/gm;

const imports = new Map<string, string[]>();
for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.ts')) continue;
  const text = readFileSync(join(root, file), 'utf8');
  const found = [...text.matchAll(IMPORT)].map(([, from, bare]) =>
    normalize(join(dirname(file), from ?? bare ?? '')),
  );
  imports.set(file, found);
}

const problems: string[] = [];
const heightOf = (file: string): number => ROOMS.findIndex((row) => row.includes(file.split('/')[0] ?? ''));
const roomOf = (file: string): string => file.split('/')[0] ?? '';

for (const [file, targets] of imports) {
  if (heightOf(file) < 0) problems.push(`src/${file} is in no room that scripts/check-imports.ts knows`);
  for (const target of targets) {
    if (roomOf(target) !== roomOf(file) && heightOf(target) >= heightOf(file))
      problems.push(`src/${file} imports upwards: src/${target}`);
  }
}

const done = new Set<string>();
function visit(file: string, path: readonly string[]): void {
  const at = path.indexOf(file);
  if (at >= 0) problems.push(`circle: ${[...path.slice(at), file].map((each) => `src/${each}`).join(' → ')}`);
  if (at >= 0 || done.has(file)) return;
  for (const target of imports.get(file) ?? []) visit(target, [...path, file]);
  done.add(file);
}
for (const file of imports.keys()) visit(file, []);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
} else {
  console.log(
    `${imports.size} files in ${ROOMS.flat().length} rooms: imports go downwards, without circles.`,
  );
}
