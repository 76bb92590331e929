import {
  bearerOf,
  EXPRESS_CORS,
  issueToken,
  messageOf,
  NOT_FOUND,
  type Said,
  type StandIn,
  startStandIn,
} from './stand-in.ts';
import type { Row } from './store.ts';

const INVALID: Said = { status: 400, body: { message: 'Invalid body provided, expected table and data' } };
/** Those of its statements, and those that the contract's tests write. */
const COLUMNS: Record<string, readonly string[]> = {
  lists: ['created_at', 'name', 'owner_id'],
  todos: [
    ...['created_at', 'completed_at', 'description', 'completed', 'created_by', 'completed_by', 'list_id'],
    ...['note', 'amount'],
  ],
};
const COMPLETION = ['completed', 'completed_at', 'completed_by'];

/** Firebase ID tokens that the stand-in accepts. */
export const GOOD_ID_TOKEN = 'firebase-id-token';

/**
 * A stand-in for the Firebase demo: it exchanges a Firebase ID token for a sync token. The data routes need no token.
 */
export function startFirebase(): Promise<StandIn> {
  return startStandIn(
    (asked, standIn): Said => {
      const { method, path, json = {} } = asked;
      if (method === 'GET' && path === '/api/auth/token') {
        const idToken = bearerOf(asked);
        if (idToken === undefined) return { status: 401 };
        if (idToken !== GOOD_ID_TOKEN)
          return { status: 500, body: { message: 'Firebase ID token has expired.' } };
        const token = issueToken(standIn, 'firebase-user', 300);
        return {
          status: 200,
          body: { token, powerSyncUrl: 'http://localhost:8080', expiresAt: null, userId: 'firebase-user' },
        };
      }
      if (path !== '/api/data' || !['PUT', 'PATCH', 'DELETE'].includes(method)) return NOT_FOUND;
      if (!json.table || !json.data) return INVALID;
      try {
        return write(method, json.table, json.data, standIn);
      } catch (error) {
        if (method === 'DELETE') return { status: 0, dies: true };
        return { status: 500, body: { message: messageOf(error) } };
      }
    },
    { cors: EXPRESS_CORS, maxBodyBytes: 102_400 },
  );
}

function write(method: string, table: string, { id, ...data }: Row, { store }: StandIn): Said {
  const rowId = String(id);
  const columns = Object.hasOwn(COLUMNS, table) ? COLUMNS[table] : undefined;
  const completion = Object.fromEntries(COMPLETION.map((column) => [column, data[column] ?? null]));
  if (method === 'DELETE') store.remove(table, rowId);
  else if (method === 'PATCH') {
    if (table !== 'todos') return INVALID;
    store.update(table, rowId, completion);
  } else {
    if (!columns) return INVALID;
    const known = Object.fromEntries(Object.entries(data).filter(([column]) => columns.includes(column)));
    store.upsert(table, rowId, table === 'todos' && store.has(table, rowId) ? completion : known);
  }
  return { status: 200, body: { message: `${method} completed for ${table} ${rowId}` } };
}
