// What the package adds to an app: each entry, minified and gzipped, and for comparison other packages in the same
// bundle.
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export interface SizeResult {
  readonly what: string;
  readonly bytes: number;
  readonly kind: 'ours' | 'beside';
}

const root = dirname(import.meta.dirname);
const NAME = 'powersync-backend-connector';

/** Modules as an app would write them. Unused code is dropped, as esbuild, Rollup and webpack do. */
const OURS: Readonly<Record<string, string>> = {
  BackendConnector: `export { BackendConnector } from '${NAME}';`,
  'BackendConnector and writeApi(), with ky': `export { BackendConnector } from '${NAME}'; export { writeApi } from '${NAME}/http';`,
  'BackendConnector and postgrest(), without supabase-js': `export { BackendConnector } from '${NAME}'; export { postgrest } from '${NAME}/supabase';`,
  'BackendConnector and graphql(), with ky': `export { BackendConnector } from '${NAME}'; export { graphql } from '${NAME}/graphql';`,
  'BackendConnector and one preset, with ky': `export { BackendConnector } from '${NAME}'; export { nodejs } from '${NAME}/presets';`,
};

const BESIDE: Readonly<Record<string, string>> = {
  ky: `export { default } from 'ky';`,
  '@supabase/postgrest-js': `export { PostgrestClient } from '@supabase/postgrest-js';`,
  '@supabase/supabase-js': `export { createClient } from '@supabase/supabase-js';`,
};

export async function measureSizes(): Promise<SizeResult[]> {
  const rows = [
    ...Object.entries(OURS).map(([what, contents]) => ({ what, contents, kind: 'ours' as const })),
    ...Object.entries(BESIDE).map(([what, contents]) => ({ what, contents, kind: 'beside' as const })),
  ];
  return Promise.all(
    rows.map(async ({ what, contents, kind }) => ({ what, bytes: await gzipped(contents), kind })),
  );
}

async function gzipped(contents: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    minify: true,
    logLevel: 'error',
    write: false,
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}
