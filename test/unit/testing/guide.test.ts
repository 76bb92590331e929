import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const guide = readFileSync(`${root}docs/guide/testing.md`, 'utf8');
const SECTIONS = ['A queue without SQLite', 'Time', 'Tokens', 'Your own connector'];

interface Example {
  name: string;
  run(): Promise<void>;
}

/** Runs an example of the guide as it stands there; its calls of `test()` are collected. */
async function testsOf(code: string): Promise<Example[]> {
  const found: Example[] = [];
  const test = (name: string, run: Example['run']) => found.push({ name, run });
  Object.assign(globalThis, { guideVitest: { expect, test } });
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    plugins: [
      {
        name: 'sources',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^powersync-backend-connector/ }, ({ path }) => {
            const entry = path.split('/')[1];
            return { path: `${root}src/${entry ? `${entry}/` : ''}index.ts` };
          });
          onResolve({ filter: /^vitest$/ }, () => ({ path: 'vitest', namespace: 'collected' }));
          onLoad({ filter: /./, namespace: 'collected' }, () => ({
            contents: 'export const { expect, test } = globalThis.guideVitest;',
          }));
        },
      },
    ],
  });
  const text = outputFiles[0]?.text ?? '';
  await import(/* @vite-ignore */ `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
  return found;
}

describe.each(SECTIONS)('docs/guide/testing.md, %s', async (title) => {
  const section = guide.split(/^## /m).find((each) => each.startsWith(`${title}\n`)) ?? '';
  const fences = [...section.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(([, code = '']) => code);

  it('has examples', () => {
    expect(fences.length).toBeGreaterThan(0);
  });

  for (const fence of fences) {
    const found = await testsOf(fence);
    it.each(found)('$name', ({ run }) => run());
  }
});
