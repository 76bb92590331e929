import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^powersync-backend-connector$/, replacement: source('index.ts') },
      { find: /^powersync-backend-connector\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    setupFiles: ['test/support/fixed-seed.ts'],
    testTimeout: 180_000, // generous: what starts browsers, processes and databases shares the cores with all other tests
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
