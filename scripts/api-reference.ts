// Writes the API reference, one page for each entry of the package, from the doc comments: `docs/api`, git-ignored, part
// of the site. The pages are named as the entries are imported.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';

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
  // Not exported on purpose: their members are shown where they are used.
  validation: { notExported: false },
  out: join(root, 'docs/api'),
  ...({
    router: 'module',
    entryFileName: 'index',
    hideBreadcrumbs: true,
    hidePageHeader: true,
    pageTitleTemplates: { module: '{name}' },
    parametersFormat: 'table',
    interfacePropertiesFormat: 'table',
    typeAliasPropertiesFormat: 'table',
    useCodeBlocks: true,
    expandObjects: true,
    useHTMLEncodedBrackets: true, // the site takes <…> for HTML
    sanitizeComments: true,
  } as Partial<TypeDocOptions>),
});
const project = await app.convert();
if (!project) throw new Error('TypeDoc could not read the sources; its messages are above.');
for (const entry of project.children ?? [])
  entry.name = entry.name === 'index' ? manifest.name : `${manifest.name}/${entry.name}`;
await app.generateOutputs(project);
if (app.logger.hasErrors()) process.exitCode = 1;
