import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  worker: { format: 'es' }, // the workers of @powersync/web are modules
  optimizeDeps: { exclude: ['@powersync/web'] }, // they find each other by their URLs
  resolve: {
    // Only in this repository: uses the source of the package. An app installs the package and needs no alias.
    alias: [
      { find: /^powersync-backend-connector$/, replacement: source('index.ts') },
      { find: /^powersync-backend-connector\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
});
