import { lookUp } from '../glob.ts';
import type { OptionChecks } from '../option-checks.ts';
import { UploadError } from '../outcome/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';

/** The request for one entry. */
export interface RowRequest {
  readonly method: string;
  /** Behind the transport's `url`. `{table}`, `{id}` and `{column}` are filled in and escaped. */
  readonly path: string;
  /** A value for JSON; undefined for none. */
  readonly body?: unknown;
}

/** How one op of a table is sent; what is left out is the default. */
export interface OpRoute {
  /** Default: the name of the op, `PUT`, `PATCH` or `DELETE`. */
  readonly method?: string | undefined;
  /** Default: that of the table. */
  readonly path?: string | undefined;
  /** Makes the body, a value for JSON. Default: the columns, on PUT with `id`; none on DELETE. */
  readonly body?: ((entry: UploadEntry) => unknown) | undefined;
}

/** How the entries of a table are sent: by op, or by a function. An op that is `false` can't be sent: it is rejected. */
export type RowRoute =
  | {
      /** Default `'/{table}/{id}'`. */
      readonly path?: string | undefined;
      readonly PUT?: OpRoute | false | undefined;
      readonly PATCH?: OpRoute | false | undefined;
      readonly DELETE?: OpRoute | false | undefined;
    }
  | ((entry: UploadEntry) => RowRequest);

/** Routes by table name, by pattern (`'audit_*'`), and `default` for all other tables. */
export type RowRoutes = Readonly<Record<string, RowRoute>>;

/** The request that an entry is sent by. */
export function requestFor(routes: RowRoutes, entry: UploadEntry): RowRequest {
  const route = lookUp(routes, entry.table);
  if (!route) {
    throw new UploadError(
      'misconfigured',
      `rowEndpoints() has no route for the table "${entry.table}": add one, or "default". The writes stay queued.`,
    );
  }
  if (typeof route === 'function') return route(entry);
  const op = route[entry.op as 'PUT' | 'PATCH' | 'DELETE'];
  if (op === false)
    throw new UploadError('invalid', `The backend takes no ${entry.op} of the table "${entry.table}".`);
  const { method = entry.op, path = route.path ?? '/{table}/{id}', body = columnsOf } = op ?? {};
  return { method, path, body: body(entry) };
}

/** Checks a route of the options. */
export function checkRoute(
  table: string,
  route: RowRoute,
  { object, fn, noOthers, wrong }: OptionChecks,
): void {
  if (typeof route === 'function') return;
  const checkPath = (name: string, path: unknown): void => {
    if (path !== undefined && (typeof path !== 'string' || path === '')) wrong(name, 'a path', path);
  };
  const name = `routes.${table}`;
  const { path, PUT, PATCH, DELETE, ...others } = object(name, route);
  noOthers(`${name}.`, others);
  checkPath(`${name}.path`, path);
  for (const [op, opRoute] of Object.entries({ PUT, PATCH, DELETE })) {
    if (opRoute === false || opRoute === undefined) continue;
    const { method, path, body, ...more } = object(`${name}.${op}`, opRoute);
    noOthers(`${name}.${op}.`, more);
    if (method !== undefined && !/^[a-z]+$/i.test(method))
      wrong(`${name}.${op}.method`, 'an HTTP method', method);
    checkPath(`${name}.${op}.path`, path);
    if (body !== undefined) fn(`${name}.${op}.body`, body);
  }
}

function columnsOf({ op, id, opData }: UploadEntry): object | undefined {
  if (op === 'DELETE') return undefined;
  return op === 'PUT' ? { ...opData, id } : { ...opData };
}
