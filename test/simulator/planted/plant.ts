import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'esbuild';
import { loadRealms, type Realm } from '../realms.ts';
import type { Edit, Fault } from './fault.ts';

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));

/**
 * Returns the text of a file with the fault in it. Throws if the text isn't there exactly once: then the core has
 * changed.
 */
export function edited(source: string, { file, text, instead }: Edit): string {
  const count = source.split(text).length - 1;
  if (count !== 1) throw new Error(`src/${file} has this text ${count} times, not once:\n${text}`);
  return source.replace(text, () => instead);
}

async function editedFiles({ edits }: Fault): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const edit of edits) {
    const path = SRC + edit.file;
    files.set(path, edited(files.get(path) ?? (await readFile(path, 'utf8')), edit));
  }
  return files;
}

/** Loads the core with the fault in it. The files themselves don't change. */
export async function plant(fault: Fault, realms: number): Promise<Realm[]> {
  const files = await editedFiles(fault);
  const plugin: Plugin = {
    name: 'planted',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = files.get(path);
        return contents === undefined ? undefined : { contents, loader: 'ts' };
      }),
  };
  return loadRealms(realms, [plugin]);
}
