import { rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { buildGraph, loadConfig } from 'metro';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appEntries, installPackage } from './install-package.ts';

const ofMetro = createRequire(createRequire(import.meta.url).resolve('metro'));
const NAME = 'powersync-backend-connector';

let project: string;
beforeAll(async () => {
  project = await installPackage();
});
afterAll(() => rm(project, { recursive: true }));

describe('the bundle of an app that Metro builds', () => {
  it('has no ky without an entry that speaks HTTP', async () => {
    const core = ['', '/rejections', '/owners', '/diagnostics', '/transforms', '/supabase', '/connect'];
    const modules = await bundle(core.map((entry) => NAME + entry));
    expect(modules).toContain(`node_modules/${NAME}/dist/index.js`);
    expect(packagesOf(modules)).toEqual(['@bufbuild/protobuf', NAME]);
  });

  it('has no other package with the core alone', async () => {
    expect(packagesOf(await bundle([NAME, `${NAME}/rejections`, `${NAME}/supabase`]))).toEqual([NAME]);
  });

  it('has ky, but no gRPC messages, with ./http', async () => {
    expect(packagesOf(await bundle([NAME, `${NAME}/http`]))).toEqual(['ky', NAME]);
  });

  it('can have every entry', async () => {
    const modules = await bundle(appEntries);
    const files = appEntries.map((entry) => entry.slice(NAME.length) || '/index');
    expect(modules).toEqual(
      expect.arrayContaining(files.map((file) => `node_modules/${NAME}/dist${file}.js`)),
    );
  });
});

/** The files in the bundle of an app that imports these entries, relative to the project. */
async function bundle(specifiers: readonly string[]): Promise<string[]> {
  const app = join(project, 'app.js');
  await writeFile(app, specifiers.map((specifier) => `import '${specifier}';\n`).join(''));
  // As in @react-native/metro-config, which comes with React Native.
  const settings: Parameters<typeof loadConfig>[1] = {
    projectRoot: project,
    watchFolders: [dirname(ofMetro.resolve('metro-runtime/package.json'))],
    resolver: {
      resolverMainFields: ['react-native', 'browser', 'main'],
      platforms: ['android', 'ios'],
      unstable_conditionNames: ['react-native'],
    },
    transformer: {
      asyncRequireModulePath: ofMetro.resolve('metro-runtime/src/modules/asyncRequire'),
      getTransformOptions: async () => ({
        transform: { experimentalImportSupport: false, inlineRequires: true },
      }),
    },
    cacheStores: [],
    maxWorkers: 1,
    reporter: { update() {} },
  };
  const config = await loadConfig({ cwd: project, projectRoot: project }, settings);
  const { dependencies } = await buildGraph(config, { entries: [app], platform: 'ios' });
  return [...dependencies.keys()].map((path) => relative(project, path));
}

function packagesOf(modules: readonly string[]): string[] {
  const names = modules.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(names.filter((name) => name !== undefined))].sort();
}
