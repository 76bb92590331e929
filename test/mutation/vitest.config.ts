import { fileURLToPath } from 'node:url';
import base from '../../vitest.config.ts';

/** The tests that a mutant has to survive: those of the core that need no SQLite file and no server. */
export default {
  ...base,
  resolve: {
    alias: [
      ...base.resolve.alias,
      { find: '@powersync/node', replacement: fileURLToPath(new URL('memory-sdk.ts', import.meta.url)) },
    ],
  },
  test: {
    ...base.test,
    include: [
      'test/unit/*.test.ts',
      'test/unit/{auth,batching,outcome,owners,per-entry,queue,rejections,retry,settle,status,write-api}/**/*.test.ts',
      'test/unit/testing/{connector-contract,transport-contract}.test.ts',
      'test/{promises,issues}/*.test.ts',
      'test/node/{drain-and-clear,odd-input,per-entry-upload,rejections,rejections-retry,transforms}.test.ts',
    ],
    setupFiles: [fileURLToPath(new URL('skip.ts', import.meta.url))],
    isolate: false,
  },
};
