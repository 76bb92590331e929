import { issueToken, type Said, type StandIn, startStandIn } from './stand-in.ts';
import type { Row } from './store.ts';

const PAGE_500: Said = { status: 500, type: 'text/html', body: '<!doctype html><h1>Server Error (500)</h1>' };
const MESSAGE: Said = { status: 200, type: 'text/html; charset=utf-8', body: 'message' };

/** A stand-in for the Django demo: one operation per request, text bodies, all failures are a 500 with a page. */
export function startDjango(): Promise<StandIn> {
  return startStandIn(
    ({ method, path, json }, standIn): Said => {
      if (method === 'GET' && path === '/api/get_powersync_token/') {
        const token = issueToken(standIn, '1', 300);
        return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
      }
      if (path === '/api/upload_data') return PAGE_500; // the slash is missing
      if (path !== '/api/upload_data/')
        return { status: 404, type: 'text/html', body: '<!doctype html><h1>Not Found</h1>' };
      try {
        return upload(method, json.table, json.data, standIn);
      } catch {
        return PAGE_500;
      }
    },
    { cors: { headers: 'accept, authorization, content-type, user-agent, x-csrftoken, x-requested-with' } },
  );
}

function upload(method: string, table: string, { id, ...data }: Row, { store }: StandIn): Said {
  const rowId = String(id);
  if (table !== 'lists' && table !== 'todos') throw new Error('UnboundLocalError');
  const kept = (columns: readonly string[]): Row =>
    Object.fromEntries(columns.map((column) => [column, data[column] ?? null]));
  const ofList = ['created_at', 'name', 'owner_id'];
  switch (method) {
    case 'PUT':
      store.upsert(table, rowId, kept(table === 'todos' ? ['description', 'created_by', 'list_id'] : ofList));
      return {
        status: 200,
        body: { message: table === 'todos' ? 'Todo updated' : 'List created' },
      };
    case 'PATCH':
      if (store.update(table, rowId, table === 'lists' ? kept(ofList) : data) === 0)
        throw new Error('DoesNotExist');
      return MESSAGE;
    case 'DELETE':
      return store.remove(table, rowId) ? MESSAGE : { ...MESSAGE, status: 404 };
    default:
      return { status: 405 };
  }
}
