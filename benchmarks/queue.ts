import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PowerSyncDatabase } from '@powersync/node';
import { schema } from './queue-content.ts';

/** Opens a real SDK database on node:sqlite while `use` runs. */
export async function withDatabase<T>(
  use: (db: PowerSyncDatabase) => Promise<T>,
  folder?: string,
): Promise<T> {
  if (folder === undefined) return withFolder((temporary) => withDatabase(use, temporary));
  const db = new PowerSyncDatabase({
    schema,
    database: {
      dbFilename: 'bench.db',
      dbLocation: folder,
      implementation: { type: 'node:sqlite' },
      readWorkerCount: 1,
    },
  });
  try {
    await db.waitForReady();
    return await use(db);
  } finally {
    await db.close();
  }
}

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'connector-bench-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
