import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkImports, ROOMS } from '../../scripts/check-imports.ts';

/** Checks a folder with these files. */
async function check(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  return checkImports(await folderOf(files)).problems;
}

async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'imports-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder, dirname(name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return folder;
}

const UP = '../upload/batch.ts';
const target = { 'upload/batch.ts': 'export const batch = 1; export type Batch = number;' };

describe('an import of a higher room is found', () => {
  const PLANTS = {
    'an import': `import { batch } from '${UP}';`,
    'with double quotes': `import { batch } from "${UP}";`,
    'without spaces': `import{batch}from'${UP}';`,
    'that is indented': `  import { batch } from '${UP}';`,
    'over several lines, with a comment in the braces': `import {\n  batch, // one; or two\n} from '${UP}';`,
    'behind another statement': `const a = 1; import { batch } from '${UP}';`,
    'for its effect': `import '${UP}';`,
    'of a default and a namespace': `import one, * as all from '${UP}';`,
    'of a type': `import type { Batch } from '${UP}';`,
    'with attributes': `import { batch } from '${UP}' with { type: 'text' };`,
    'a re-export': `export { batch } from '${UP}';`,
    'a re-export of everything': `export * from '${UP}';`,
    'a re-export of types': `export type * from '${UP}';`,
    'a dynamic import': `export const later = () => import('${UP}');`,
    'a dynamic import with a template': `export const later = () => import(\`${UP}\`);`,
    'an import type': `export type Mine = import('${UP}').Batch;`,
    'an import type of the whole module': `export type Mine = typeof import('${UP}');`,
    require: `export const { batch } = require('${UP}');`,
    'require of a module': `export const { batch } = module.require('${UP}');`,
    'an import that equals require': `import upload = require('${UP}');`,
    'import.meta.resolve': `export const at = import.meta.resolve('${UP}');`,
    'a URL beside this file': `export const at = new URL('${UP}', import.meta.url);`,
    'a module that is augmented': `export {}; declare module '${UP}' { interface More {} }`,
    'a reference': `/// <reference path="${UP}" />\nexport {};`,
  };
  for (const [name, text] of Object.entries(PLANTS)) {
    it(name, async () => {
      expect(await check({ ...target, 'queue/plant.ts': text })).toEqual([
        'src/queue/plant.ts imports upwards: src/upload/batch.ts',
      ]);
    });
  }

  it.each(['.js', '.mjs', '.cjs', '.jsx', '.tsx', '.mts', '.cts', '.d.ts'])('in a file %s', async (end) => {
    const text = `export const later = () => import('${UP}');`;
    expect(await check({ ...target, [`queue/plant${end}`]: text })).toEqual([
      `src/queue/plant${end} imports upwards: src/upload/batch.ts`,
    ]);
  });

  it('in a doc comment of JavaScript, where it is a type', async () => {
    const text = `/** @type {import('${UP}').Batch} */\nexport const a = 1;`;
    expect(await check({ ...target, 'queue/plant.js': text })).toHaveLength(1);
    const tag = `/** @import { Batch } from '${UP}' */\nexport const a = 1;`;
    expect(await check({ ...target, 'queue/plant.js': tag })).toHaveLength(1);
  });

  it('between rooms of one row', async () => {
    const files = {
      'codes/a.ts': "import '../transforms/b.ts';",
      'transforms/b.ts': 'export {};',
    };
    expect(await check(files)).toEqual(['src/codes/a.ts imports upwards: src/transforms/b.ts']);
  });
});

describe('what looks like an import is none', () => {
  it('in a text or a comment', async () => {
    const text = `export const a = "import '${UP}'"; // import '${UP}'\n/* require('${UP}') */`;
    expect(await check({ ...target, 'queue/plant.ts': text })).toEqual([]);
  });

  it('of a package', async () => {
    expect(await check({ 'queue/a.ts': "import ky from 'ky'; import 'node:fs';" })).toEqual([]);
  });
});

describe('a target that cannot be checked is found', () => {
  it.each([
    ["import './gone.ts';", 'src/queue/a.ts imports src/queue/gone.ts, which does not exist'],
    ["import './b';", 'src/queue/a.ts imports src/queue/b, which does not exist'],
    ["import '../attic/a.ts';", 'src/queue/a.ts imports src/attic/a.ts, which does not exist'],
    ["import '../../package.json';", 'src/queue/a.ts imports "../../package.json", which is not in src'],
    ["import '/etc/hosts';", 'src/queue/a.ts imports "/etc/hosts", which is not in src'],
    ["import 'file:///etc/hosts';", 'src/queue/a.ts imports "file:///etc/hosts", which is not in src'],
    ["import '#upload';", 'src/queue/a.ts imports "#upload", which is not in src'],
    [
      "import { route } from 'powersync-backend-connector/combine';",
      'src/queue/a.ts imports "powersync-backend-connector/combine": give the path of the file instead',
    ],
    [
      "import 'powersync-backend-connector';",
      'src/queue/a.ts imports "powersync-backend-connector": give the path of the file instead',
    ],
    [
      'export const load = (name: string) => import(name);',
      'src/queue/a.ts imports something that is known only at run time: import(name)',
    ],
  ])('%s', async (text, problem) => {
    expect(await check({ 'queue/a.ts': text, 'queue/b.ts': 'export {};' })).toEqual([problem]);
  });

  it('a file in no room', async () => {
    expect(await check({ 'attic/a.mts': 'export {};' })).toEqual([
      'src/attic/a.mts is in no room that scripts/check-imports.ts knows',
    ]);
  });
});

describe('a circle is found', () => {
  it.each([
    ['imports', "import './b.ts';"],
    ['dynamic imports', "export const later = () => import('./b.ts');"],
    ['types', "export type Mine = import('./b.ts').B;"],
  ])('through %s', async (_, text) => {
    const files = { 'queue/a.ts': text, 'queue/b.ts': "import './a.ts'; export type B = 1;" };
    expect(await check(files)).toEqual(['circle: src/queue/a.ts → src/queue/b.ts → src/queue/a.ts']);
  });
});

it('the rooms are those of the decision', async () => {
  const page = await readFile(new URL('../../docs/decisions/0020-rooms.md', import.meta.url), 'utf8');
  const [, list = ''] = /in this list to earlier ones:\n\n(.+?)\n\n/s.exec(page) ?? [];
  const rows = list.split('·').map((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, room]) => room));
  expect(rows).toEqual(ROOMS);
});

it('the command takes a folder, and fails if it finds something', async () => {
  const script = new URL('../../scripts/check-imports.ts', import.meta.url).pathname;
  const run = promisify(execFile);
  const bad = await folderOf({ ...target, 'queue/plant.ts': `import '${UP}';` });
  await expect(run(process.execPath, [script, bad])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('src/queue/plant.ts imports upwards'),
  });
  const { stdout } = await run(process.execPath, [script]);
  expect(stdout).toMatch(/^\d{3} files in \d+ rooms/);
});
