import { asType, type BatchEntry } from './nodejs.ts';
import { issueToken, messageOf, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row, SQL_TODO_TABLES, type Store, unquoted } from './store.ts';

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
    { store: createStore(SQL_TODO_TABLES), cors: { headers: 'echo' } },
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
  if (/^column .* does not exist$/.test(message)) return `42703: ${message}`;
  if (/^type .* does not exist$/.test(message)) return `42704: ${message}`;
  if (message.startsWith('syntax error')) return `42601: ${message}`;
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
    for (const { op = 'PUT', table, id = '', data = {} } of batch)
      asType(() => write(store, op, table, id, data));
  });
}

/** A new row has null for each column that it doesn't bring. Names are written without quotes. */
function write(store: Store, op: string, table: string, id: string, { id: _, ...data }: Row): void {
  const name = unquoted(table);
  if (op === 'DELETE') {
    store.remove(name, id);
    return;
  }
  if (Object.keys(data).length === 0) throw new Error('No columns to write');
  const columns = Object.fromEntries(
    Object.entries(data).map(([column, value]) => [unquoted(column), value]),
  );
  const absent = Object.fromEntries((COLUMNS[name] ?? []).map((column) => [column, null]));
  if (op === 'PATCH') store.update(name, id, columns);
  else store.upsert(name, id, store.has(name, id) ? columns : { ...absent, ...columns });
}
