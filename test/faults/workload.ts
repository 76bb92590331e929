import { expect } from 'vitest';
import type { Backend } from '../../examples/backend/server.ts';
import type { TestClient } from '../support/client.ts';

/** The example backend of these tests takes no more than this in one request. */
export const BACKEND_TAKES_BYTES = 6_000;
/** What its devices put into one request; more than it takes makes them bisect. */
export const FITS_BYTES = 5_000;
export const TOO_MUCH_BYTES = 1_000_000;

interface Rows {
  lists: { id: string }[];
  todos: { id: string }[];
}

/** Queued writes of one user, and what must have become of them in the end. */
export interface Workload {
  readonly user: string;
  /** Op ids, `first-last`, of the transactions that the backend takes, in queue order. */
  readonly taken: readonly string[];
  /** The same of those that it refuses. */
  readonly refused: readonly string[];
  /** The rows that the taken ones come to. */
  readonly rows: Rows;
  readonly executionsBefore: number;
}

const IN_BAND = 24;
const TOO_LARGE = 28;

/**
 * Queues 32 transactions of 1 to 4 entries: inserts, edits of one row again and again, a deletion, and two that the
 * backend refuses. One of those has a description that is too long, told in the results; the other is too large for any
 * request. Both come with an innocent list, to see that a transaction is refused whole.
 */
export async function writeWorkload(client: TestClient, backend: Backend, user: string): Promise<Workload> {
  const { db } = client;
  const list = (id: string): [string, string[]] => [
    'INSERT INTO lists (id, name, owner_id) VALUES (?, ?, ?)',
    [`${user}-${id}`, id, user],
  ];
  const todo = (id: string, inList: string, description = id): [string, (string | number)[]] => [
    'INSERT INTO todos (id, list_id, description, completed, owner_id) VALUES (?, ?, ?, ?, ?)',
    [`${user}-${id}`, `${user}-${inList}`, description, 0, user],
  ];
  const write = (...statements: [string, unknown[]][]) =>
    db.writeTransaction(async (transaction) => {
      for (const [sql, parameters] of statements) await transaction.execute(sql, parameters);
    });

  await write(list('home'));
  await write(todo('edited', 'home'));
  for (let i = 0; i <= 30; i++) {
    if (i === IN_BAND) await write(list('refused-1'), todo('refused-2', 'refused-1', 'x'.repeat(141)));
    else if (i === TOO_LARGE)
      await write(list('refused-3'), todo('refused-4', 'refused-3', 'x'.repeat(BACKEND_TAKES_BYTES)));
    else if (i % 5 === 0)
      await write(list(`l${i}`), ...['a', 'b', 'c'].map((each) => todo(`t${i}${each}`, `l${i}`)));
    else if (i % 6 === 0)
      await write(['UPDATE todos SET description = ? WHERE id = ?', [`edit ${i}`, `${user}-edited`]]);
    else if (i % 11 === 0) await write(['DELETE FROM todos WHERE id = ?', [`${user}-t${i - 10}`]]);
    else await write(todo(`t${i}`, 'home'));
  }

  const ranges = await db.getAll<{ range: string; refused: number }>(
    `SELECT min(id) || '-' || max(id) AS range, max(data LIKE '%-refused-%') AS refused
     FROM ps_crud GROUP BY tx_id ORDER BY min(id)`,
  );
  const rows = await localRows(client);
  const innocent = ({ id }: { id: string }) => !id.includes('-refused-');
  return {
    user,
    taken: ranges.filter(({ refused }) => !refused).map(({ range }) => range),
    refused: ranges.filter(({ refused }) => refused).map(({ range }) => range),
    rows: { lists: rows.lists.filter(innocent), todos: rows.todos.filter(innocent) },
    executionsBefore: backend.executions(),
  };
}

export async function localRows({ db }: TestClient): Promise<Rows> {
  return {
    lists: await db.getAll('SELECT id, name, owner_id FROM lists ORDER BY id'),
    todos: await db.getAll('SELECT id, list_id, description, completed, owner_id FROM todos ORDER BY id'),
  };
}

/** Op ids of an idempotency key. */
const rangeOf = ({ key }: { key: string }) => key.split(':')[1];

/** Op ids of the user's transactions that the backend executed, in the order in which it did. */
export async function executed(backend: Backend, user: string) {
  const keys = await backend.query<{ key: string }>(
    'SELECT key FROM applied_transactions WHERE user_id = $1 ORDER BY xmin::text::bigint',
    [user],
  );
  return keys.map(rangeOf);
}

/** Op ids of the transactions that were recorded as rejected, in the order in which they were. */
export async function recorded({ db }: TestClient) {
  const [table] = await db.getAll("SELECT 1 FROM sqlite_master WHERE name = 'connector_rejected_writes'");
  if (!table) return [];
  return (await db.getAll<{ key: string }>('SELECT key FROM connector_rejected_writes ORDER BY rowid')).map(
    rangeOf,
  );
}

/** Op ids of the transactions that are still queued. */
export async function stillQueued({ db }: TestClient): Promise<string[]> {
  const ranges = await db.getAll<{ range: string }>(
    "SELECT min(id) || '-' || max(id) AS range FROM ps_crud GROUP BY tx_id ORDER BY min(id)",
  );
  return ranges.map(({ range }) => range);
}

/**
 * Checks that nothing was lost so far, whatever was interrupted: what has left the queue was executed once and in order,
 * or recorded, and the queue is the unbroken rest.
 */
export async function expectNothingLost(client: TestClient, backend: Backend, workload: Workload) {
  const left = new Set(await stillQueued(client));
  const [done, rejected] = [await executed(backend, workload.user), await recorded(client)];
  expect(done).toEqual(workload.taken.slice(0, done.length));
  expect(rejected).toEqual(workload.refused.slice(0, rejected.length));
  const gone = (range: string) => !left.has(range);
  expect(done).toEqual(expect.arrayContaining(workload.taken.filter(gone)));
  expect(rejected).toEqual(expect.arrayContaining(workload.refused.filter(gone)));
  expect([...left]).toEqual(inQueueOrder(workload).slice(-left.size || Infinity));
}

function inQueueOrder({ taken, refused }: Workload): string[] {
  return [...taken, ...refused].sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

/**
 * Checks how it must have ended: the queue is empty, the backend executed each transaction once and in queue order, the
 * refused ones are recorded once, and its rows are those of the device.
 */
export async function expectDelivered(
  client: TestClient,
  backend: Backend,
  workload: Omit<Workload, 'executionsBefore'>,
) {
  expect(await stillQueued(client)).toEqual([]);
  expect(await executed(backend, workload.user)).toEqual(workload.taken);
  expect(await recorded(client)).toEqual(workload.refused);
  expect(await backend.snapshot(workload.user)).toEqual(workload.rows);
}
