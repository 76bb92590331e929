// Every write of the app is a local one. Uploading is nobody's business here.

import { db } from './database.ts';
import { timeOrderedId } from './time-ordered-id.ts';

export interface Todo {
  readonly id: string;
  readonly description: string;
  readonly completed: number;
}

export const TODOS_OF_OWNER =
  'SELECT id, description, completed FROM todos WHERE owner_id = ? ORDER BY id DESC';

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
