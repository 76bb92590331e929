// Each entry may reach only the packages it is meant to, and has a size budget. Bundlers such as Metro don't shake
// trees, so what an app must not carry has to be absent from the entry's module graph, not just unused.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/** One line per entry of the package. Bytes are min+gzip, without packages. */
const ENTRIES = [
  { entries: ['.'], packages: [], maxBytes: 12_500 },
  { entries: ['./http'], packages: ['ky'], maxBytes: 3_800 },
  { entries: ['./rejections'], packages: [], maxBytes: 4_700 },
  { entries: ['./owners'], packages: [], maxBytes: 3_100 },
  { entries: ['./diagnostics'], packages: [], maxBytes: 4_700 }, // Most of it is sentences.
  // What most apps load.
  { entries: ['.', './http'], packages: ['ky'], maxBytes: 14_700 },
];

const root = dirname(import.meta.dirname);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems: string[] = [];

for (const entry of Object.keys(manifest.exports)) {
  if (entry !== './package.json' && !ENTRIES.some(({ entries }) => entries.includes(entry)))
    problems.push(`"${entry}" is in exports, but not in the table of scripts/check-entries.ts`);
}

const rows = [];
for (const { entries, packages, maxBytes } of ENTRIES) {
  const label = entries.join(' + ');
  const { reached, bytes } = await measure(entries);
  for (const name of reached) {
    if (!packages.includes(name)) problems.push(`"${label}" reaches ${name}`);
  }
  if (bytes > maxBytes) problems.push(`"${label}" has ${bytes} bytes, ${bytes - maxBytes} over its budget`);
  rows.push({ entry: label, bytes, budget: maxBytes, packages: reached.join(', ') || 'none' });
}

console.table(rows);
if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

/** Bundles the built entries, packages left out. */
async function measure(entries: string[]): Promise<{ reached: string[]; bytes: number }> {
  const contents = entries.map((entry) => `export * from '${manifest.exports[entry].default}';`).join('\n');
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    // As a bundler that doesn't know `sideEffects` sees it: nothing reachable is dropped from the graph.
    ignoreAnnotations: true,
    minify: true,
    metafile: true,
    write: false,
  });
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
  const reached = new Set(imports.filter(({ external }) => external).map(({ path }) => packageOf(path)));
  return { reached: [...reached], bytes: gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length };
}

/** `@scope/name/sub/path` → `@scope/name`. */
function packageOf(specifier: string): string {
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
}
