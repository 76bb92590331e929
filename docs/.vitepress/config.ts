import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { defineConfig, type MarkdownOptions } from 'vitepress';
import { writeLlms } from './llms.ts';
import { pages } from './pages.ts';

const docs = dirname(import.meta.dirname);
const root = dirname(docs);
const { description, repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Where the sources are to be seen: the repository that builds the site, or what package.json says. */
const sources = process.env.GITHUB_REPOSITORY
  ? `https://github.com/${process.env.GITHUB_REPOSITORY}`
  : (repository?.url ?? repository)?.replace(/^git\+|\.git$/g, '');

export default defineConfig({
  title: 'powersync-backend-connector',
  description,
  base: process.env.DOCS_BASE ?? '/',
  cleanUrls: true,
  lastUpdated: false,
  ignoreDeadLinks: false,
  // Read on GitHub, and by the tool that compares them.
  srcExclude: ['api-report/**'],
  rewrites: { 'decisions/README.md': 'decisions/index.md' },
  markdown: { config: linkSources, anchor: { slugify } },
  buildEnd: ({ outDir }) => writeLlms(outDir),
  themeConfig: {
    siteTitle: 'Backend connector',
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/quick-start', activeMatch: '^/guide/(?!errors)' },
      { text: 'Errors', link: '/guide/errors' },
      { text: 'API', link: '/api/', activeMatch: '^/api/' },
    ],
    sidebar: pages,
    ...(sources && { socialLinks: [{ icon: 'github', link: sources }] }),
    footer: { message: 'Apache-2.0' },
  },
});

/** As GitHub makes the anchors of headings, so that a link is right there, too. */
function slugify(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

/**
 * Pages link to files of the repository by relative paths, which is right where they are read there. On the site such a
 * link leads to the repository, or is plain text where that isn't known. A file that doesn't exist fails the build.
 */
function linkSources(md: Parameters<NonNullable<MarkdownOptions['config']>>[0]): void {
  md.core.ruler.push('link-sources', ({ tokens, env }) => {
    for (const { children } of tokens) {
      for (const [index, token] of (children ?? []).entries()) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null;
        if (!href?.startsWith('.')) continue;
        const [path = '', anchor] = href.split('#');
        const file = resolve(dirname(env.path ?? docs), decodeURI(path));
        if (file.startsWith(`${docs}/`)) continue; // VitePress checks it
        if (!existsSync(file)) throw new Error(`${env.relativePath} links to ${href}, which isn't there.`);
        if (sources) {
          token.attrSet('href', `${sources}/blob/main/${relative(root, file)}${anchor ? `#${anchor}` : ''}`);
          continue;
        }
        const close = children?.slice(index).find(({ type }) => type === 'link_close');
        for (const each of [token, close]) if (each) Object.assign(each, { type: 'text', content: '' });
      }
    }
  });
}
