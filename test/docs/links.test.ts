// Every relative link of the documentation leads to a file and a heading that exist, as GitHub shows them. (The site's build
// checks its own pages, but no headings.)
import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const files = globSync(['*.md', '.changeset/*.md', 'docs/**/*.md', 'examples/**/*.md'], {
  cwd: root,
  exclude: ['docs/api/**', 'docs/api-report/**', '**/node_modules/**'],
});

/** As GitHub makes them; docs/.vitepress/config.ts makes the same. */
function anchorsOf(file: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(file).matchAll(/^#{1,6} +(.+?) *$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replaceAll(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    anchors.add(times ? `${slug}-${times}` : slug);
  }
  return anchors;
}

function withoutCode(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```/gm, '');
}

function linksOf(file: string): string[] {
  const text = withoutCode(file).replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, href = '']) => href);
}

it('finds the documentation', () => {
  expect(files).toContain('README.md');
  expect(files).toContain(join('docs', 'guide', 'errors.md'));
});

it.each(files)('%s', (name) => {
  const file = join(root, name);
  const dead = linksOf(file).filter((href) => {
    if (/^[a-z]+:/.test(href)) return false;
    const [path = '', anchor] = href.split('#');
    const target = path === '' ? file : resolve(dirname(file), decodeURI(path));
    if (!existsSync(target) || relative(root, target).startsWith('..')) return true;
    if (anchor === undefined || statSync(target).isDirectory() || !target.endsWith('.md')) return false;
    return !anchorsOf(target).has(anchor);
  });
  expect(dead).toEqual([]);
});
