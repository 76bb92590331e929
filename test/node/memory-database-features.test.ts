import { expect, vi } from 'vitest';
import type { OpenClientOptions } from '../support/client.ts';

// The tests of everything that the library keeps in the database, once more: over memoryDatabase() in place of SQLite.
vi.mock('../support/client.ts', async (original) => {
  const client = await original<typeof import('../support/client.ts')>();
  const { memoryDatabase } = await import('../../src/testing/index.ts');
  const files = new Map<string, ReturnType<typeof memoryDatabase>>();
  let opened = 0;

  async function openClient(options: OpenClientOptions = {}) {
    if (NEED_MORE.test(expect.getState().currentTestName ?? '')) return client.openClient(options);
    const { schema = client.testSchema, name = `memory-${++opened}` } = options;
    const otherSql = (sql: string) => (sql.startsWith('PRAGMA busy_timeout') ? [] : undefined);
    const file = files.get(name) ?? memoryDatabase({ schema, otherSql });
    files.set(name, file);
    const db = Object.assign(file.reopen(), { close: async () => {} });
    return { db, logs: [], folder: 'memory', name };
  }
  return { ...client, openClient };
});

/** Tests of what only a connected client, or a real file, does; they keep the real one. */
const NEED_MORE =
  /after the rollback|the database was not open yet|on a connected database|op id of a lost one/;

await import('./rejections.test.ts');
await import('./rejections-retry.test.ts');
await import('./drain-and-clear.test.ts');
await import('./diagnostics.test.ts');
await import('../promises/p1-only-what-was-applied-leaves.test.ts');
await import('../promises/p2-order-and-prefix.test.ts');
await import('../promises/p3-idempotency-keys.test.ts');
await import('../promises/p4-no-overlap.test.ts');
await import('../promises/p6-whose-writes.test.ts');
await import('../promises/p8-nothing-blocks-nothing-empties.test.ts');
