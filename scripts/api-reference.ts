// Writes the API reference from the doc comments, one page for each entry of the package. The pages go into `docs/api`,
// which is git-ignored, and are part of the site.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Application, PageEvent, type TypeDocOptions } from 'typedoc';

const root = dirname(import.meta.dirname);
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folders = Object.keys(manifest.exports)
  .filter((entry) => !/package\.json|\*/.test(entry))
  .map((entry) => entry.slice(2)); // './http' → 'http', '.' → ''

const app = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: folders.map((folder) => join(root, 'src', folder, 'index.ts')),
  basePath: join(root, 'src'),
  tsconfig: join(root, 'tsconfig.json'),
  skipErrorChecking: true, // `npm run types` does that
  disableSources: true,
  readme: 'none',
  logLevel: 'Warn',
  // Some types are not exported on purpose. Their members are shown where they are used.
  validation: { notExported: false },
  out: join(root, 'docs/api'),
  ...({
    router: 'module',
    entryFileName: 'index',
    entryModule: 'index', // the package's main entry is the first page
    hideBreadcrumbs: true,
    hidePageHeader: true,
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    useCodeBlocks: true,
    expandObjects: true,
    useHTMLEncodedBrackets: true, // the site takes <…> for HTML
    sanitizeComments: true,
  } as Partial<TypeDocOptions>),
});
app.renderer.on(PageEvent.END, (page) => {
  const entry = page.url.replace(/^index\.md$|\.md$/, '');
  // The title is the name by which the entry is imported.
  if (page.contents) page.contents = page.contents.replace(/^# .*/, `# ${join(manifest.name, entry)}`);
});
const project = await app.convert();
if (!project) throw new Error('TypeDoc could not read the sources; its messages are above.');
await app.generateOutputs(project);
if (app.logger.hasErrors()) process.exitCode = 1;
