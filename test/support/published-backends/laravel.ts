import { issueToken, messageOf, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, SQL_TODO_TABLES } from './store.ts';

/**
 * A stand-in for the community's Laravel backend: bodies are wrapped in `body`, DELETE is broken, POST writes nothing.
 */
export function startLaravel({ deletes = false } = {}): Promise<StandIn> {
  return startStandIn(
    ({ method, path, query, headers, json = {} }, standIn): Said => {
      const { body } = json;
      if (path === '/api/auth/token') {
        const token = issueToken(standIn, query.get('user_id'), 36_000);
        const powersync_url = 'http://localhost:8080';
        const expiresAt = Math.floor(Date.now() / 1000) + 36_000;
        return { status: 200, body: { powersync_url, token, endPoint: powersync_url, expiresAt } };
      }
      if (path !== '/api/data') return NOT_FOUND;
      if (!body?.table) {
        if (!headers.accept?.includes('application/json'))
          return { status: 302, headers: { location: standIn.url } };
        const errors = { 'body.table': ['The body.table field is required.'] };
        return { status: 422, body: { message: 'The body.table field is required.', errors } };
      }
      if (method === 'POST')
        return Array.isArray(body) ? { status: 400 } : { status: 200, body: { message: 'Batch completed' } };
      const { id, ...columns } = body.data;
      try {
        standIn.store.transaction(() => {
          if (method === 'DELETE' && !deletes) throw new Error('Undefined variable $id');
          if (method === 'DELETE') standIn.store.remove(body.table, id);
          // The demo runs its statement once for each member of `body`.
          else
            for (const _ of Object.keys(body)) {
              if (method === 'PUT') standIn.store.upsert(body.table, id, columns);
              else standIn.store.update(body.table, id, columns);
            }
        });
        return { status: 200, body: { message: `PATCH completed for ${body.table}` } };
      } catch (error) {
        return { status: 400, body: { message: `Request failed: ${pdoWords(messageOf(error))}` } };
      }
    },
    { store: createStore(SQL_TODO_TABLES), cors: { headers: 'echo' } },
  );
}

/** The message begins with the SQLSTATE, from the driver, and ends with the statement, from Laravel. */
function pdoWords(message: string): string {
  const state = /not-null/.test(message) ? '23502' : /duplicate/.test(message) ? '23505' : undefined;
  const sql = `(Connection: pgsql, SQL: insert into "lists" values (timeout))`;
  if (message.startsWith('connect')) return `SQLSTATE[08006] [7] connection to server failed ${sql}`;
  if (/^column .* does not exist/.test(message))
    return `SQLSTATE[42703]: Undefined column: 7 ERROR:  ${message} ${sql}`;
  if (/^relation .* does not exist/.test(message))
    return `SQLSTATE[42P01]: Undefined table: 7 ERROR:  ${message} ${sql}`;
  return state ? `SQLSTATE[${state}]: Integrity constraint violation: 7 ERROR:  ${message} ${sql}` : message;
}
