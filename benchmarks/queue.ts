import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { column, Schema, Table } from '@powersync/common';
import { PowerSyncDatabase } from '@powersync/node';

const schema = new Schema({
  todos: new Table({ description: column.text, completed: column.integer, list_id: column.text }),
});

/** Opens a real SDK database on node:sqlite, for the time of `use`. */
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

/** What is queued. */
export interface Load {
  readonly transactions: number;
  readonly entriesEach: number;
  /** Characters of the text column of each entry. */
  readonly textLength?: number | undefined;
}

/** Fills the upload queue straight away, as so many local transactions would: writing a million rows takes minutes. */
export async function fillQueue(
  db: PowerSyncDatabase,
  { transactions, entriesEach, textLength = 40 }: Load,
): Promise<void> {
  await db.execute(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
     INSERT INTO ps_crud (tx_id, data) SELECT i / CAST(? AS INTEGER) + 1, json_object('op', 'PUT', 'type', 'todos', 'id',
       printf('8f14e45f-ceea-467f-a830-%012d', i), 'data', json_object('description', substr(hex(zeroblob(?)), 1, ?),
       'completed', 0, 'list_id', 'c9f0f895-fb98-4b91-9c3d-1a2b3c4d5e6f')) FROM n`,
    [transactions * entriesEach, entriesEach, textLength, textLength],
  );
  // Else the first completion would pay for moving all this from the log into the database file.
  await db.execute('PRAGMA wal_checkpoint(TRUNCATE)');
}
