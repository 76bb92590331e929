import { issueToken, NOT_FOUND, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row, type TableRules } from './store.ts';

/**
 * A stand-in for the two MongoDB demos: empty bodies, 500 to everything, ids of 24 hexadecimal digits.
 *
 * @param idInData True for the mbnb demo, where the id is inside `data` and is also stored as a field.
 */
export function startMongodb(idInData = false): Promise<StandIn> {
  const tables: Record<string, TableRules> = { attendees: { notNull: ['name'] }, listings: {} };
  return startStandIn(
    ({ method, path, json }, standIn): Said => {
      if (method === 'GET' && path === '/api/auth/token') {
        const token = issueToken(standIn, 'UserID', 300);
        return { status: 200, body: { token, powersync_url: 'http://localhost:8080' } };
      }
      if (path !== '/api/upload_data' || !['PUT', 'PATCH', 'DELETE'].includes(method)) return NOT_FOUND;
      if (!json) return { status: 400, body: { message: 'Invalid body provided' } };
      try {
        const { table, id, data = {} }: { table: string; id?: string; data?: Row } = json;
        const rowId = String(idInData ? data.id : id);
        if (!/^[0-9a-f]{24}$/i.test(rowId)) throw new Error('BSONError');
        if (method === 'PUT') standIn.store.upsert(table, rowId, data);
        else if (method === 'PATCH') standIn.store.update(table, rowId, data);
        else standIn.store.remove(table, rowId);
        return { status: 200 };
      } catch {
        return { status: 500, body: { message: { errorLabelSet: {} } } }; // a MongoError as JSON: without its words
      }
    },
    { store: createStore(tables, true), cors: { headers: 'echo' } },
  );
}
