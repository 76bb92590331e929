// Checks the package as its users get it: packs it, and installs the tarball in an empty project. There it compares the
// files and exported names with the lists in test/packed, imports each entry, and compiles code that uses its
// declarations. `node scripts/check-package.ts --update` rewrites the lists.
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

const run = promisify(execFile);
const root = dirname(import.meta.dirname);
const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const entries = Object.keys(manifest.exports).filter((entry) => !/package\.json|\*/.test(entry));
const problems: string[] = [];

const project = await mkdtemp(join(tmpdir(), 'packed-'));
try {
  const installed = await installTarball();
  await compareWithList('files.txt', await listFiles(installed));
  await compareWithList('exports.txt', await listExports(installed));
  await runCommand();
  await compileConsumers();
} finally {
  await rm(project, { recursive: true });
}
if (problems.length > 0) {
  console.error(problems.join('\n\n'));
  process.exitCode = 1;
} else {
  console.log('The packed package matches test/packed, and compiles everywhere.');
}

async function installTarball(): Promise<string> {
  await run('npm', ['pack', '--silent', '--pack-destination', project], { cwd: root });
  const [tarball = ''] = await readdir(project);
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  const quiet = ['--no-audit', '--no-fund', '--no-package-lock', '--prefer-offline', '--loglevel=error'];
  // To use `./connect` or `./server`, an app installs these itself.
  const peers = ['@bufbuild/protobuf', 'jose'].map((name) => `${name}@${manifest.devDependencies[name]}`);
  await run('npm', ['install', '--prefix', project, ...quiet, join(project, tarball), ...peers], {
    cwd: project,
  });
  return join(project, 'node_modules', manifest.name);
}

async function listFiles(installed: string): Promise<string[]> {
  const found = await readdir(installed, { recursive: true, withFileTypes: true });
  return found
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(installed.length + 1))
    .map((path) => path.replace(/-[\w-]{8}(?=\.(d\.ts|js)$)/, '-HASH'));
}

/** `<entry> <name>` for each value, `<entry> type <name>` for each name that is only a type. */
async function listExports(installed: string): Promise<string[]> {
  const declarations = entries.map((entry) => join(installed, manifest.exports[entry].types));
  const program = ts.createProgram(declarations, { module: ts.ModuleKind.NodeNext });
  const checker = program.getTypeChecker();
  const lines: string[] = [];
  for (const [index, entry] of entries.entries()) {
    const file = program.getSourceFile(declarations[index] ?? '');
    const module = file && checker.getSymbolAtLocation(file);
    const values: string[] = [];
    for (const symbol of module ? checker.getExportsOfModule(module) : []) {
      const isAlias = symbol.flags & ts.SymbolFlags.Alias;
      const { flags } = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
      if (flags & ts.SymbolFlags.Value) values.push(symbol.name);
      lines.push(`${entry} ${flags & ts.SymbolFlags.Value ? '' : 'type '}${symbol.name}`);
    }
    const imported = await importNames(join(manifest.name, entry));
    if (imported.join() !== values.sort().join())
      problems.push(`${entry} exports ${imported}, but its declarations have ${values}`);
  }
  return lines;
}

/** The names of the values that an entry exports at run time. */
async function importNames(specifier: string): Promise<string[]> {
  const script = `console.log(JSON.stringify(Object.keys(await import('${specifier}'))))`;
  const { stdout } = await run('node', ['--input-type=module', '--eval', script], { cwd: project });
  return JSON.parse(stdout).sort();
}

async function compareWithList(name: string, actual: string[]): Promise<void> {
  const path = join(root, 'test/packed', name);
  const lines = [...actual].sort();
  if (process.argv.includes('--update')) return writeFile(path, `${lines.join('\n')}\n`);
  const listed = (await readFile(path, 'utf8')).trim().split('\n');
  if (lines.join('\n') === listed.join('\n')) return;
  const added = lines.filter((line) => !listed.includes(line)).map((line) => `  + ${line}`);
  const missing = listed.filter((line) => !lines.includes(line)).map((line) => `  - ${line}`);
  problems.push([`test/packed/${name} differs (--update rewrites it):`, ...added, ...missing].join('\n'));
}

/** Checks that the command line starts and prints its usage. */
async function runCommand(): Promise<void> {
  const bin = join(project, 'node_modules/.bin', manifest.name);
  const { stdout } = await run(bin, ['--help'], { cwd: project });
  if (!stdout.includes('verify <url>')) problems.push(`${manifest.name} --help printed ${stdout}`);
}

/** Compiles test/packed/fixture, with all declarations checked, for each platform, module resolution and compiler. */
async function compileConsumers(): Promise<void> {
  await cp(join(root, 'test/packed/fixture'), project, { recursive: true });
  const platforms = [
    ['consumer.ts', '--lib', 'es2022'],
    ['consumer.ts', 'platform.ts', '--lib', 'es2022,dom'],
    ['consumer.ts', 'platform.ts', '--lib', 'es2022', '--types', 'node'],
    ['consumer.ts', 'platform.ts', 'react-native.d.ts', '--lib', 'es2022'],
  ];
  const resolutions = [
    ['--module', 'nodenext'],
    ['--module', 'esnext', '--moduleResolution', 'bundler'],
  ];
  const common = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--target', 'es2022'];
  const typeRoots = ['--typeRoots', join(root, 'node_modules/@types')];
  for (const compiler of ['typescript', 'typescript-7']) {
    for (const platform of platforms) {
      for (const resolution of resolutions) {
        const flags = [...platform, ...resolution];
        const tsc = join(root, 'node_modules', compiler, 'bin/tsc');
        await run('node', [tsc, ...flags, ...common, ...typeRoots], { cwd: project }).catch(({ stdout }) =>
          problems.push(`${compiler} ${flags.join(' ')}\n${stdout.trim()}`),
        );
      }
    }
  }
}
