import { type Asked, issueToken, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row } from './store.ts';

const PERMITTED = ['title', 'description', 'lat', 'long', 'status', 'user_id'];
const BASIC = `Basic ${btoa('admin:12345')}`;

export interface RailsOptions {
  /** Whether the controller permits `id`. The published one doesn't, and gives each new row its own number. */
  keepsIds?: boolean;
}

/** A stand-in for the Rails demo: JSON resources behind HTTP Basic, ids assigned by the server. */
export function startRails({ keepsIds = false }: RailsOptions = {}): Promise<StandIn> {
  let lastId = 16;
  const nextId = (): string => String(++lastId);
  return startStandIn(
    (asked, standIn): Said => {
      const { method, path } = asked;
      const [, sub] = /^\/keys\/([^/]+)$/.exec(path) ?? [];
      if (method === 'GET' && sub !== undefined)
        return { status: 200, type: 'text/plain', body: issueToken(standIn, sub, 59 * 60) };
      if (asked.headers.authorization !== BASIC)
        return { status: 401, type: 'text/plain', body: 'HTTP Basic: Access denied.\n' };
      const [, id] = /^\/activities(?:\/([^/]+))?\.json$/.exec(path) ?? [undefined, null];
      if (id === null) return { status: 404, body: { status: 404, error: 'Not Found' } };
      try {
        return resource(
          asked,
          id === undefined ? undefined : decodeURIComponent(id),
          standIn,
          keepsIds,
          nextId,
        );
      } catch {
        return { status: 500, body: { status: 500, error: 'Internal Server Error' } };
      }
    },
    { store: createStore({ activities: {} }) },
  );
}

function resource(
  { method, json = {} }: Asked,
  id: string | undefined,
  { store, url }: StandIn,
  keepsIds: boolean,
  nextId: () => string,
): Said {
  const given: Row = json.activity ?? json;
  const columns = Object.fromEntries(Object.entries(given).filter(([name]) => PERMITTED.includes(name)));
  const shown = (id: string): Row => ({ ...columns, id, url: `${url}/activities/${id}.json` });
  const missing: Said = { status: 404, body: { status: 404, error: 'Not Found' } };
  const invalid: Said | undefined =
    columns.title === null || (method === 'POST' && !columns.title)
      ? { status: 422, body: { title: ["can't be blank"] } }
      : undefined;
  if (method === 'POST' && id === undefined) {
    if (invalid) return invalid;
    const rowId = keepsIds ? String(given.id) : nextId();
    store.insert('activities', rowId, columns);
    return { status: 201, body: shown(rowId) };
  }
  if ((method === 'PATCH' || method === 'PUT') && id !== undefined) {
    if (!store.has('activities', id)) return missing;
    if (invalid) return invalid;
    store.update('activities', id, columns);
    return { status: 200, body: shown(id) };
  }
  if (method === 'DELETE' && id !== undefined)
    return store.remove('activities', id) ? { status: 204 } : missing;
  return missing;
}
