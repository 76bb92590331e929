import type { BatchEntry } from './nodejs.ts';
import { issueToken, messageOf, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Store } from './store.ts';

const COLUMNS: Record<string, readonly string[]> = {
  lists: ['name', 'owner_id', 'created_at'],
  todos: ['list_id', 'description', 'completed', 'created_by'],
};

/** A stand-in for the .NET demo: like the Node.js one, but a write needs a column, and CORS allows everything. */
export function startDotnet(): Promise<StandIn> {
  return startStandIn(
    ({ method, path, query, json }, standIn): Said => {
      switch (`${method} ${path}`) {
        case 'GET /api/auth/token': {
          const userId = query.get('user_id');
          if (!userId) return { status: 400, type: 'text/plain', body: 'User ID is required' };
          const token = issueToken(standIn, userId, 12 * 3600);
          return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
        }
        case 'POST /api/data':
          if (!Array.isArray(json?.batch)) return { status: 400, body: { message: 'Invalid body provided' } };
          return problemIn(json.batch) ?? answer(() => apply(standIn.store, json.batch));
        default:
          return NOT_FOUND;
      }
    },
    { store: createStore(), cors: { headers: 'echo' } },
  );
}

function answer(work: () => void): Said {
  try {
    work();
    return { status: 200, body: { message: 'Batch completed' } };
  } catch (error) {
    return { status: 400, body: { message: `Request failed: ${npgsqlWords(messageOf(error))}` } };
  }
}

/** The driver's message begins with the SQLSTATE. */
function npgsqlWords(message: string): string {
  if (message.includes('not-null')) return `23502: ${message}`;
  if (message.includes('check')) return `23514: ${message}`;
  if (message.includes('does not exist')) return `42P01: ${message}`;
  return message.startsWith('connect') ? 'Failed to connect to 127.0.0.1:5432' : message;
}

function problemIn(batch: readonly BatchEntry[]): Said | undefined {
  const index = batch.findIndex(
    ({ op = 'PUT', id }) => !['PUT', 'PATCH', 'DELETE'].includes(op) || typeof id !== 'string',
  );
  if (index < 0) return undefined;
  const title = 'One or more validation errors occurred.';
  const errors = { [`$.batch[${index}].op`]: ['The JSON value could not be converted.'] };
  return {
    status: 400,
    type: 'application/problem+json',
    body: JSON.stringify({ title, status: 400, errors }),
  };
}

function apply(store: Store, batch: readonly BatchEntry[]): void {
  store.transaction(() => {
    for (const { op = 'PUT', table, id = '', data = {} } of batch) {
      const { id: _, ...columns } = data;
      if (op === 'DELETE') {
        store.remove(table, id);
        continue;
      }
      if (Object.keys(columns).length === 0) throw new Error('No columns to write');
      const absent = Object.fromEntries((COLUMNS[table] ?? []).map((column) => [column, null]));
      if (op === 'PUT') store.upsert(table, id, { ...absent, ...columns });
      else store.update(table, id, columns);
    }
  });
}
