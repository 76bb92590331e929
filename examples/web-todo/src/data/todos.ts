// All writes of the app are local. Nothing in this file knows about uploading.

import { db } from './database.ts';
import { timeOrderedId } from './time-ordered-id.ts';

export interface Todo {
  readonly id: string;
  readonly description: string;
  readonly completed: number;
  /** The position of its last change in the upload queue, from 1. Null if none is queued. */
  readonly place: number | null;
  /** Whether a change of it was rejected, and has not been corrected or discarded yet. */
  readonly isRejected: number;
}

/** One query, so that a to-do and its state are from the same moment. */
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
  // Its own transaction: if the to-do is refused, the list must not be refused with it.
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
