import { isDeepStrictEqual } from 'node:util';
import type { Backend } from '../backend/server.ts';
import type { Device } from './device.ts';
import { ADA } from './world.ts';

const INSERT_TODO =
  'INSERT INTO todos (id, list_id, description, completed, owner_id) VALUES (?, ?, ?, 0, ?)';

/** Writes a list with four to-dos in one transaction, and ticks three of them: four transactions, eight entries. */
export async function writeList({ db }: Device, name: string, owner: string): Promise<string> {
  const list = crypto.randomUUID();
  const todos = Array.from({ length: 4 }, () => crypto.randomUUID());
  await db.writeTransaction(async (tx) => {
    await tx.execute('INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)', [list, name, owner]);
    for (const id of todos) await tx.execute(INSERT_TODO, [id, list, 'Water the plants 🌱', owner]);
  });
  for (const id of todos.slice(1)) await db.execute('UPDATE todos SET completed = 1 WHERE id = ?', [id]);
  return list;
}

/** Writes a to-do. The backend accepts at most 140 characters. */
export async function writeTodo(
  { db }: Device,
  list: string,
  description: string,
  owner: string,
): Promise<string> {
  const id = crypto.randomUUID();
  await db.execute(INSERT_TODO, [id, list, description, owner]);
  return id;
}

export async function hasTodo({ db }: Device, id: string): Promise<boolean> {
  return Boolean(await db.getOptional('SELECT id FROM todos WHERE id = ?', [id]));
}

export async function queuedEntries({ db }: Device): Promise<number> {
  return (await db.getUploadQueueStats()).count;
}

/** Whether a device has exactly the rows that Ada has on the server. */
export async function isInSync({ db }: Device, backend: Backend): Promise<boolean> {
  const { lists = [], todos = [] } = await backend.snapshot(ADA);
  const local = describe(await db.getAll('SELECT * FROM lists'), await db.getAll('SELECT * FROM todos'));
  return isDeepStrictEqual(local, describe(lists, todos));
}

export async function countRows(backend: Backend, owner: string): Promise<number> {
  return Object.values(await backend.snapshot(owner)).flat().length;
}

function describe(...tables: readonly (readonly Record<string, unknown>[])[]): string[] {
  return tables
    .flat()
    .map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => a.localeCompare(b))))
    .sort();
}

export async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Waited 30 s for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
