import { fileURLToPath } from 'node:url';
import base from '../../vitest.config.ts';
import { UnitFirst } from './unit-first.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The tests that a mutant has to survive: those of the core that need no SQLite file and no server. */
export default {
  ...base,
  test: {
    ...base.test,
    include: [
      'test/unit/*.test.ts',
      'test/unit/{auth,combine,contract,database,error,owners,queue,rejections,status,time,transport,upload}/**/*.test.ts',
      'test/{promises,issues}/*.test.ts',
      'test/node/{checkpoint-requests,drain-and-clear,per-entry-upload,rejections}.test.ts',
      'test/http/keep-uploading.test.ts',
    ],
    alias: { '@powersync/node': here('memory-sdk.ts') },
    setupFiles: ['test/support/fixed-seed.ts', here('skip.ts')],
    testTimeout: 10_000, // what waits in vain is a killed mutant, sooner than by Stryker's own limit
    hookTimeout: 5_000,
    sequence: { sequencer: UnitFirst },
    isolate: false,
  },
};
