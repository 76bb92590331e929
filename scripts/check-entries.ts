// Checks that each entry imports only the packages that it may, and stays within its size budget. Bundlers such as
// Metro don't drop unused code. So what an app must not contain has to be absent from the entry's module graph, not
// just unused.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

/**
 * One line per entry of the package. Bytes are minified and gzipped, without packages. For "." they are its size, for
 * any other entry what it adds to ".", because no app has that entry without it.
 */
const ENTRIES = [
  { entry: '.', packages: [], maxBytes: 21_800 },
  { entry: './http', packages: ['ky'], maxBytes: 10_350 },
  { entry: './combine', packages: [], maxBytes: 2_050 },
  { entry: './codes', packages: [], maxBytes: 1_300 },
  { entry: './rejections', packages: [], maxBytes: 4_100 },
  { entry: './owners', packages: [], maxBytes: 700 },
  { entry: './diagnostics', packages: [], maxBytes: 3_500 }, // Most of it is text.
  { entry: './transforms', packages: [], maxBytes: 3_950 },
  { entry: './supabase', packages: [], maxBytes: 7_050 },
  { entry: './graphql', packages: ['ky'], maxBytes: 7_250 },
  { entry: './connect', packages: ['@bufbuild/protobuf'], maxBytes: 5_550 },
  { entry: './presets', packages: ['ky'], maxBytes: 17_200 }, // Twelve backends; an app has one.
  { entry: './server', packages: ['jose'], maxBytes: 18_000 }, // Never in an app.
  { entry: './testing', packages: [], maxBytes: 28_000 }, // Never shipped with an app.
];

const root = dirname(import.meta.dirname);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const problems: string[] = [];

for (const entry of Object.keys(manifest.exports)) {
  if (!/^\.\/(package\.json|.*\*)$/.test(entry) && !ENTRIES.some((row) => row.entry === entry))
    problems.push(`"${entry}" is in exports, but not in the table of scripts/check-entries.ts`);
}

const core = await measure(everythingOf('.'));
const rows = [];
for (const { entry, packages, maxBytes } of ENTRIES) {
  const alone = await measure(everythingOf(entry));
  const added = entry === '.' ? alone.bytes : (await measure(everythingOf('.', entry))).bytes - core.bytes;
  for (const name of alone.reached) {
    if (!packages.includes(name as never)) problems.push(`"${entry}" reaches ${name}`);
  }
  if (added > maxBytes) problems.push(`"${entry}" adds ${added} bytes, ${added - maxBytes} over its budget`);
  const reaches = alone.reached.join(', ') || 'none';
  rows.push({ entry, alone: alone.bytes, 'added to "."': added, budget: maxBytes, packages: reaches });
}
console.table(rows);

// The size in an app whose bundler drops unused code.
const { bytes } = await measure(
  `export { BackendConnector } from '${built('.')}'; export { writeApi } from '${built('./http')}';`,
  { shaken: true },
);
console.log(`BackendConnector and writeApi alone, without ky: ${bytes} bytes`);

if (problems.length > 0) {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

function built(entry: string): string {
  return manifest.exports[entry].default;
}

function everythingOf(...entries: string[]): string {
  return entries.map((entry, index) => `export * as e${index} from '${built(entry)}';`).join('\n');
}

/** Bundles a module that imports from the built entries, without packages. */
async function measure(
  contents: string,
  { shaken = false } = {},
): Promise<{ reached: string[]; bytes: number }> {
  const { metafile, outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    packages: 'external',
    // By default, this measures what a bundler sees that doesn't know `sideEffects`: it drops nothing that is
    // reachable.
    ignoreAnnotations: !shaken,
    minify: true,
    logLevel: 'error',
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
