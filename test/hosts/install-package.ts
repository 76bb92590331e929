import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'tsup';
import manifest from '../../package.json' with { type: 'json' };

export const root = join(import.meta.dirname, '../..');

/** Entries as an app imports them: `powersync-backend-connector`, `powersync-backend-connector/http` … */
export const entries = Object.keys(manifest.exports)
  .filter((entry) => !/package\.json|\*/.test(entry))
  .map((entry) => join(manifest.name, entry));

/** Those that an app has: all but the server half. */
export const appEntries = entries.filter((entry) => !entry.endsWith('/server'));

/**
 * Builds the package as it is published, and lays it into the node_modules of an empty project, beside what its entries
 * import, and other packages. Returns the project's folder, which the caller deletes.
 */
export async function installPackage(...others: string[]): Promise<string> {
  const project = await mkdtemp(join(tmpdir(), 'connector-host-'));
  const modules = join(project, 'node_modules');
  const installed = join(modules, manifest.name);
  await mkdir(installed, { recursive: true });
  await build({
    config: join(root, 'tsup.config.ts'),
    outDir: join(installed, 'dist'),
    dts: false,
    silent: true,
  });
  await cp(join(root, 'package.json'), join(installed, 'package.json'));
  for (const name of [...Object.keys(manifest.dependencies), '@bufbuild/protobuf', ...others])
    await cp(join(root, 'node_modules', name), join(modules, name), {
      recursive: true,
      dereference: true,
    });
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  return project;
}
