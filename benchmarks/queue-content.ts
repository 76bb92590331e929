import { column, Schema, Table } from '@powersync/common';

export const schema = new Schema({
  todos: new Table({ description: column.text, completed: column.integer, list_id: column.text }),
});

/** What is queued. */
export interface Load {
  readonly transactions: number;
  readonly entriesEach: number;
  /** Characters of the text column of each entry. */
  readonly textLength?: number | undefined;
}

/** Fills the upload queue directly, as if by local transactions, because writing a million rows takes minutes. */
export async function fillQueue(
  db: { execute(sql: string, parameters?: unknown[]): Promise<unknown> },
  { transactions, entriesEach, textLength = 40 }: Load,
): Promise<void> {
  await db.execute(
    `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
     INSERT INTO ps_crud (tx_id, data) SELECT i / CAST(? AS INTEGER) + 1, json_object('op', 'PUT', 'type', 'todos', 'id',
       printf('8f14e45f-ceea-467f-a830-%012d', i), 'data', json_object('description', substr(hex(zeroblob(?)), 1, ?),
       'completed', 0, 'list_id', 'c9f0f895-fb98-4b91-9c3d-1a2b3c4d5e6f')) FROM n`,
    [transactions * entriesEach, entriesEach, textLength, textLength],
  );
  // Otherwise the first completion would also move all this from the log into the database file.
  await db.execute('PRAGMA wal_checkpoint(TRUNCATE)');
}
