import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const source = (path: string) => fileURLToPath(new URL(`../../src/${path}`, import.meta.url));

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  worker: { format: 'es' }, // the workers of @powersync/web are modules
  optimizeDeps: { exclude: ['@powersync/web'] }, // they find each other by their addresses
  resolve: {
    // Only here, in the repository of the package: its source. An app installs it and needs no alias.
    alias: [
      { find: /^powersync-backend-connector$/, replacement: source('index.ts') },
      { find: /^powersync-backend-connector\/(.+)$/, replacement: source('$1/index.ts') },
    ],
  },
});
