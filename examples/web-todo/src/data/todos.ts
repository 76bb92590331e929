// Every write of the app is a local one. Uploading is nobody's business here.

import { db } from './database.ts';
import { timeOrderedId } from './time-ordered-id.ts';

export interface Todo {
  readonly id: string;
  readonly description: string;
  readonly completed: number;
  /** Where its last change is in the upload queue, from 1; null where none is queued. */
  readonly place: number | null;
  /** Whether a change of it was rejected, and is not mended or discarded yet. */
  readonly isRejected: number;
}

/** In one query, so that a to-do and what is known of it are of the same moment. */
export const TODOS_OF_OWNER = `
  WITH queue AS (SELECT data ->> 'id' AS row_id, row_number() OVER (ORDER BY id) AS place FROM ps_crud)
  SELECT todos.id, description, completed,
    (SELECT max(place) FROM queue WHERE row_id = todos.id) AS place,
    EXISTS (
      SELECT 1 FROM connector_rejected_writes, json_each(entries) AS entry
      WHERE state = 'rejected' AND owner = owner_id AND entry.value ->> 'id' = todos.id
    ) AS isRejected
  FROM todos WHERE owner_id = ? ORDER BY todos.id DESC`;

export async function addTodo(owner: string, description: string): Promise<void> {
  const list = `inbox-${owner}`;
  // A transaction of its own: were the to-do refused, the list must not go with it.
  await db.execute(
    "INSERT INTO lists (id, name, owner_id) SELECT ?1, 'Inbox', ?2 WHERE NOT EXISTS (SELECT 1 FROM lists WHERE id = ?1)",
    [list, owner],
  );
  await db.execute(
    'INSERT INTO todos (id, list_id, description, completed, owner_id) VALUES (?, ?, ?, 0, ?)',
    [timeOrderedId(), list, description, owner],
  );
}

export async function setCompleted(id: string, completed: boolean): Promise<void> {
  await db.execute('UPDATE todos SET completed = ? WHERE id = ?', [Number(completed), id]);
}

export async function setDescription(id: string, description: string): Promise<void> {
  await db.execute('UPDATE todos SET description = ? WHERE id = ?', [description, id]);
}

export async function removeTodo(id: string): Promise<void> {
  await db.execute('DELETE FROM todos WHERE id = ?', [id]);
}
