import { issueToken, messageOf, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row, type Store } from './store.ts';

/**
 * A stand-in for the community's Go backend: 500 to everything. A PATCH is an upsert, texts that are missing are empty,
 * and a truth value is false unless it is `true`.
 */
export function startGolang(): Promise<StandIn> {
  return startStandIn(
    ({ method, path, query, json }, standIn): Said => {
      if (`${method} ${path}` === 'GET /api/auth/token') {
        const userId = query.get('user_id');
        if (!userId) return failure(400, 'user_id query param required');
        return { status: 200, body: { token: issueToken(standIn, userId, 3_600), expires_in: 3_600 } };
      }
      if (path !== '/api/data' || !['PUT', 'PATCH', 'DELETE'].includes(method))
        return { status: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' };
      if (json === undefined) return failure(400, 'invalid JSON');
      try {
        write(standIn.store, method, json);
        return { status: 200, body: { status: 'ok' } };
      } catch (error) {
        return failure(500, messageOf(error));
      }
    },
    {
      store: createStore({ lists: {}, todos: { check: { description: 'refuse me' } } }),
      cors: { headers: 'Authorization, Content-Type' },
    },
  );
}

function failure(status: number, text: string): Said {
  return { status, type: 'text/plain; charset=utf-8', body: `{"error":${JSON.stringify(text)}}\n` };
}

function write(
  store: Store,
  method: string,
  { id, table, data = {} }: { id: string; table: string; data?: Row },
): void {
  if (table !== 'lists' && table !== 'todos') throw new Error(`table "${table}" is not allowed`);
  const text = (column: string): string => (typeof data[column] === 'string' ? data[column] : '');
  const changing =
    table === 'lists'
      ? { name: text('name') }
      : { description: text('description'), completed: data.completed === true };
  const fixed = { created_by: text('created_by'), ...(table === 'todos' && { list_id: text('list_id') }) };
  try {
    if (method === 'DELETE') store.remove(table, id);
    else store.upsert(table, text('id'), store.has(table, text('id')) ? changing : { ...fixed, ...changing });
  } catch (error) {
    throw new Error(pgxWords(messageOf(error)));
  }
}

/** The driver puts the SQLSTATE last. */
function pgxWords(message: string): string {
  if (message.includes('violates check')) return `ERROR: ${message} (SQLSTATE 23514)`;
  return 'failed to connect to `user=app database=app`: 127.0.0.1:5432: dial error: connect: connection refused';
}
