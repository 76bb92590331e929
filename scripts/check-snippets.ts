// Compiles every TypeScript example of the README, the docs and the doc comments, so that none of them becomes
// outdated.
//
// Each fence (```ts or ```tsx) is its own module. A fence with ```ts no-check is skipped. Code that an example needs
// but shouldn't show goes into a comment right before its fence: <!-- ts declare const db: PowerSyncDatabase; -->
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const folder = '.snippets'; // inside the repository, so that packages resolve; git-ignored
const HIDDEN = /(?:<!-- ts\s(?<hidden>(?:(?!-->)[\s\S])*)-->\s*)?/;
const FENCE = /^(?<indent>[ *]*)```(?<language>tsx?)\b(?<flags>.*)\n(?<code>[\s\S]*?)^\k<indent>```/;
const SNIPPET = new RegExp(HIDDEN.source + FENCE.source, 'gm');

rmSync(join(root, folder), { recursive: true, force: true });
const files: string[] = [];
const generated = ['docs/api/**', 'docs/api-report/**', 'docs/.vitepress/**'];
for (const path of globSync(['README.md', 'docs/**/*.md', 'src/**/*.ts'], {
  cwd: root,
  exclude: generated,
})) {
  const text = readFileSync(join(root, path), 'utf8');
  for (const match of text.matchAll(SNIPPET)) {
    const { hidden = '', language, flags, code = '' } = match.groups ?? {};
    if (flags?.includes('no-check')) continue;
    // Each line keeps its number, so that the compiler's messages point to the original.
    const before = lines(text.slice(0, match.index));
    const between = lines(match[0]) - lines(hidden) - lines(code);
    const bare = path.endsWith('.ts')
      ? code.replaceAll(/^ *\* ?/gm, (margin) => ' '.repeat(margin.length))
      : code;
    const file = join(root, folder, `${path}.${files.length}.${language}`);
    files.push(file);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '\n'.repeat(before) + hidden + '\n'.repeat(between) + bare);
  }
}

const tsconfig = {
  extends: '../tsconfig.json',
  compilerOptions: { jsx: 'react-jsx', moduleDetection: 'force' },
  files,
  include: [],
};
writeFileSync(join(root, folder, 'tsconfig.json'), JSON.stringify(tsconfig));
try {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  execFileSync('node', [tsc, '--pretty', 'false', '-p', folder], { cwd: root, encoding: 'utf8' });
  console.log(`${files.length} snippets compile.`);
} catch (error) {
  const { stdout } = error as { stdout: string };
  console.error(stdout.replaceAll(/^\.snippets\/(.+)\.\d+\.tsx?\((\d+),(\d+)\)/gm, '$1:$2:$3'));
  process.exitCode = 1;
}

/** The number of line ends in a text. */
function lines(text: string): number {
  return text.split('\n').length - 1;
}
