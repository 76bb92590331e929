import { type Asked, issueToken, type Said, type StandIn, startStandIn } from './stand-in.ts';
import { createStore, type Row } from './store.ts';

const PERMITTED = ['title', 'description', 'lat', 'long', 'status', 'user_id'];
const BASIC = `Basic ${btoa('admin:12345')}`;
const MAX_BIGINT = 2n ** 63n;

export interface RailsOptions {
  /** Whether the controller permits `id`. The published one doesn't, and gives each new row an id of its own. */
  keepsIds?: boolean;
  /**
   * Type of the id column: `integer` as published, or text. Active Record reads a text id of an integer column like
   * Ruby's `to_i`: by its leading digits.
   *
   * @default 'text' with `keepsIds`, else 'integer'
   */
  key?: 'integer' | 'text';
  /** Whether errors have the members `exception` and `traces`, as in development. */
  development?: boolean;
  /** Whether plain http is redirected to https (`config.force_ssl`), as in production. */
  forcesSsl?: boolean;
  /** Whether the resource has no route to show a row. */
  showsNone?: boolean;
}

/** A stand-in for the Rails demo: JSON resources behind HTTP Basic, ids assigned by the server. */
export function startRails({
  keepsIds = false,
  key = keepsIds ? 'text' : 'integer',
  development = false,
  forcesSsl = false,
  showsNone = false,
}: RailsOptions = {}): Promise<StandIn> {
  const store = createStore({ activities: { check: { description: 'refuse me' } } });
  let lastId = 16;

  /** The id as the column has it, or undefined if it can't be there. */
  function cast(id: unknown): string | undefined {
    if (key === 'text') return String(id);
    const [digits = '0'] = /^[+-]?\d+/.exec(String(id).trimStart().replaceAll('_', '')) ?? [];
    const number = BigInt(digits.replace('+', ''));
    return number < MAX_BIGINT ? String(number) : undefined;
  }

  function nextId(): string {
    lastId++;
    return key === 'integer' ? String(lastId) : `9b1deb4d-3b7d-4bad-9bdd-0000000000${lastId}`;
  }

  function failed(status: number, error: string, exception: string): Said {
    return {
      status,
      body: { status, error, ...(development && { exception: `#<${exception}>`, traces: {} }) },
    };
  }

  const noRow = (id: unknown): Said =>
    failed(404, 'Not Found', `ActiveRecord::RecordNotFound: Couldn't find Activity with 'id'=${id}`);

  /** Without a route there is no format, so the header `Accept` decides. */
  function noRoute({ method, path, headers }: Asked): Said {
    if (development || headers.accept?.includes('application/json'))
      return failed(
        404,
        'Not Found',
        `ActionController::RoutingError: No route matches [${method}] "${path}"`,
      );
    return { status: 404, type: 'text/html', body: "<!DOCTYPE html><h1>The page doesn't exist.</h1>" };
  }

  function shown(row: Row, url: string): Row {
    const id = key === 'integer' ? Number(row.id) : row.id;
    const times = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' };
    const { title = null, description = null, lat = null, long = null } = row;
    return { id, title, description, lat, long, ...times, url: `${url}/activities/${row.id}.json` };
  }

  function resource(asked: Asked, given: string | undefined, url: string): Said {
    const { method, json = {} } = asked;
    const rows = (): Row[] => store.transaction(() => store.rows('activities'));
    if (given === undefined && method === 'GET')
      return { status: 200, body: rows().map((row) => shown(row, url)) };
    const sent: Row = json.activity ?? json;
    const columns = Object.fromEntries(Object.entries(sent).filter(([name]) => PERMITTED.includes(name)));
    const invalid: Said | undefined =
      columns.title === null || (method === 'POST' && !columns.title)
        ? { status: 422, body: { title: ["can't be blank"] } }
        : undefined;
    if (Math.abs(Number(columns.user_id ?? 0)) >= 2 ** 63) throw new Error('ActiveModel::RangeError');
    if (given === undefined) {
      if (method !== 'POST') return noRoute(asked);
      if (invalid) return invalid;
      const id = keepsIds && sent.id !== undefined ? cast(sent.id) : nextId();
      if (id === undefined) throw new Error('ActiveModel::RangeError');
      refuseNul([id, ...Object.values(columns)]);
      store.insert('activities', id, columns);
      return { status: 201, body: shown({ ...columns, id }, url) };
    }
    if (!['GET', 'PATCH', 'PUT', 'DELETE'].includes(method) || (method === 'GET' && showsNone))
      return noRoute(asked);
    const id = cast(given);
    refuseNul([id]);
    const found = rows().find((row) => row.id === id);
    if (id === undefined || !found) return noRow(given);
    if (method === 'GET') return { status: 200, body: shown(found, url) };
    if (method === 'DELETE') {
      store.remove('activities', id);
      return { status: 204 };
    }
    if (invalid) return invalid;
    refuseNul(Object.values(columns));
    store.update('activities', id, columns);
    return { status: 200, body: shown({ ...found, ...columns }, url) };
  }

  return startStandIn(
    (asked, standIn): Said => {
      const { method, path } = asked;
      if (forcesSsl) {
        const location = `${standIn.url.replace('http:', 'https:')}${path}`;
        return { status: method === 'GET' ? 301 : 308, headers: { location } };
      }
      const [, sub] = /^\/keys\/([^/]+)$/.exec(path) ?? [];
      if (method === 'GET' && sub !== undefined)
        return { status: 200, type: 'text/plain', body: issueToken(standIn, sub, 59 * 60) };
      const [, id] = /^\/activities(?:\/([^/]+))?\.json$/.exec(path) ?? [undefined, null];
      if (id === null) return noRoute(asked);
      const isIndex = method === 'GET' && id === undefined;
      if (!isIndex && asked.headers.authorization !== BASIC)
        return { status: 401, type: 'text/plain', body: 'HTTP Basic: Access denied.\n' };
      try {
        return resource(asked, id === undefined ? undefined : decodeURIComponent(id), standIn.url);
      } catch (error) {
        return failed(500, 'Internal Server Error', String(error));
      }
    },
    { store, isRead: ({ method, path }) => method === 'GET' && !path.startsWith('/keys/') },
  );
}

/** PostgreSQL has no text with NUL. */
function refuseNul(values: readonly unknown[]): void {
  if (values.some((value) => String(value).includes('\0'))) throw new Error('string contains null byte');
}
