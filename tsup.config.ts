import { defineConfig } from 'tsup';

// One line per entry of the package; `exports` in package.json names the same ones.
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    http: 'src/http/index.ts',
    combine: 'src/combine/index.ts',
    codes: 'src/codes/index.ts',
    rejections: 'src/rejections/index.ts',
    owners: 'src/owners/index.ts',
    diagnostics: 'src/diagnostics/index.ts',
    transforms: 'src/transforms/index.ts',
    supabase: 'src/supabase/index.ts',
    graphql: 'src/graphql/index.ts',
    connect: 'src/connect/index.ts',
    presets: 'src/presets/index.ts',
    server: 'src/server/index.ts',
    testing: 'src/testing/index.ts',
    cli: 'src/cli/bin.ts',
  },
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  external: [/^@connectrpc\//], // The user's own: `verify` says so where they are missing.
  dts: { compilerOptions: { types: [], paths: {}, rootDir: '.' } },
  clean: true,
  sourcemap: false,
});
