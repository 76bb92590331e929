import {
  EXPRESS_CORS,
  issueToken,
  messageOf,
  NOT_FOUND,
  type Said,
  type StandIn,
  startStandIn,
} from './stand-in.ts';
import { createStore, type Row, SQL_TODO_TABLES, type Store } from './store.ts';

export interface BatchEntry {
  op: string;
  table: string;
  id?: string;
  data?: Row;
}

/** A stand-in for the Node.js demo backend: Express 4, no authentication, all failures are 400. */
export function startNodejs(persister: 'postgres' | 'mongodb' = 'postgres'): Promise<StandIn> {
  const apply = persister === 'mongodb' ? applyToMongo : applyToPostgres;
  return startStandIn(
    ({ method, path, query, json = {} }, standIn): Said => {
      const { store } = standIn;
      switch (`${method} ${path}`) {
        case 'GET /api/auth/token': {
          const token = issueToken(standIn, query.get('user_id') ?? 'UserID ', 300);
          return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
        }
        case 'POST /api/data':
          return answering(() => apply(store, json.batch), 'Batch completed');
        case 'PUT /api/data':
        case 'PATCH /api/data':
          return answering(
            () => apply(store, [{ op: method, table: json.table, data: json.data }]),
            `${method} completed for ${json.table}`,
          );
        default:
          return NOT_FOUND;
      }
    },
    {
      cors: EXPRESS_CORS,
      maxBodyBytes: 102_400,
      store: createStore(persister === 'mongodb' ? undefined : SQL_TODO_TABLES),
    },
  );
}

/** The fields that its schema for MongoDB has; those that the contract's tests write are added. */
const MONGO_SCHEMA = {
  lists: ['archived', 'name', 'created_at', 'owner_id'],
  todos: [
    ...['archived', 'list_id', 'created_at', 'description', 'created_by', 'completed'],
    ...['completed_by', 'completed_at', 'note', 'amount'],
  ],
};

function answering(work: () => void, message: string): Said {
  try {
    work();
    return { status: 200, body: { message } };
  } catch (error) {
    return { status: 400, body: { message: `Request failed: ${messageOf(error)}` } };
  }
}

/** Applies a batch as a whole. Rows are read as the type of their table, which is what the words name if it is none. */
export function applyToPostgres(store: Store, batch: readonly BatchEntry[]): void {
  store.transaction(() => {
    for (const entry of batch) asType(() => applyOne(store, entry));
  });
}

function applyOne(store: Store, { op, table, id, data }: BatchEntry): void {
  if (op === 'DELETE') {
    store.remove(table, String(id ?? data?.id));
    return;
  }
  const { id: inside, ...columns } = data as Row; // without data: a TypeError, as in the demo
  const rowId = String(id ?? inside);
  if (op === 'PUT') store.upsert(table, rowId, columns);
  else if (Object.keys(columns).length === 0) throw new Error('syntax error at or near "WHERE"');
  else store.update(table, rowId, columns);
}

/** Runs a statement that reads a row as the type of its table. */
export function asType(work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new Error(messageOf(error).replace(/^relation (".*" does not exist)$/, 'type $1'));
  }
}

/**
 * Applies operation by operation; PUT inserts, so that a repeat is an error for ever. Unknown tables are skipped, and so
 * are columns that are not in its schema.
 */
function applyToMongo(store: Store, batch: readonly BatchEntry[]): void {
  if (store.down) throw new Error('connect ECONNREFUSED 127.0.0.1:27017');
  for (const { op, table, id, data } of batch) {
    if (table !== 'lists' && table !== 'todos') continue;
    const rowId = String(id ?? data?.id);
    const columns = Object.fromEntries(
      Object.entries({ ...data }).filter(([column]) => MONGO_SCHEMA[table].includes(column)),
    );
    if (op === 'DELETE') store.remove(table, rowId);
    else if (op === 'PATCH') store.update(table, rowId, columns);
    else if (!store.has(table, rowId)) store.insert(table, rowId, columns);
    else {
      throw new Error(
        `E11000 duplicate key error collection: app.${table} index: _id_ dup key: { _id: "${rowId}" }`,
      );
    }
  }
}
