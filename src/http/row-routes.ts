import type { OptionChecks } from '../check-options.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry } from '../queue/transaction.ts';
import { lookUp } from '../transport/by-table.ts';
import { jsonBody } from './json-body.ts';

/** The request for one entry. */
export interface RowRequest {
  /** HTTP method. */
  readonly method: string;
  /** Path that is appended to the transport's `url`. `{table}`, `{id}` and `{column}` are filled in and escaped. */
  readonly path: string;
  /** A value for JSON, or a promise of one; undefined for a request without a body. */
  readonly body?: unknown;
}

/** How one operation of a table is sent. */
export interface OpRoute {
  /**
   * HTTP method.
   *
   * @default the name of the operation: `PUT`, `PATCH` or `DELETE`
   */
  readonly method?: string | undefined;
  /**
   * Path that is appended to the transport's `url`. `{table}`, `{id}` and `{column}` are filled in and escaped.
   *
   * @default the path of the table
   */
  readonly path?: string | undefined;
  /**
   * Makes the body: a value for JSON, or a promise of one.
   *
   * @default the columns on PATCH, the columns and `id` on PUT, no body on DELETE
   */
  readonly body?: ((entry: UploadEntry) => unknown) | undefined;
}

/**
 * How the entries of a table are sent: for each operation, or by a function. An operation that is `false` isn't sent:
 * the write is rejected as `invalid`.
 */
export type RowRoute =
  | {
      /**
       * Path that is appended to the transport's `url`. `{table}`, `{id}` and `{column}` are filled in and escaped.
       *
       * @default '/{table}/{id}'
       */
      readonly path?: string | undefined;
      readonly PUT?: OpRoute | false | undefined;
      readonly PATCH?: OpRoute | false | undefined;
      readonly DELETE?: OpRoute | false | undefined;
    }
  | ((entry: UploadEntry) => RowRequest | Promise<RowRequest>);

/** Routes by table name or pattern (`'audit_*'`), and `default` for all other tables. */
export type RowRoutes = Readonly<Record<string, RowRoute>>;

/** Makes the request for an entry, with its body as text. */
export async function requestFor(
  routes: RowRoutes,
  entry: UploadEntry,
): Promise<{ readonly method: string; readonly path: string; readonly body?: string }> {
  const { table } = entry;
  const route = lookUp(routes, table);
  if (!route) {
    throw new UploadError(
      'misconfigured',
      `rowEndpoints() has no route for the table "${table}": add one, or "default". The writes stay queued.`,
    );
  }
  const { method, path, body } =
    typeof route === 'function' ? await ask(route, entry) : requestBy(route, entry);
  const value: unknown = await body;
  return { method, path, ...(value !== undefined && { body: jsonBody(value, `The body for "${table}"`) }) };
}

async function ask(route: Extract<RowRoute, CallableFunction>, entry: UploadEntry): Promise<RowRequest> {
  const request: Partial<RowRequest> | undefined = Object(await route(entry));
  if (isMethod(request?.method) && isPath(request?.path)) return request as RowRequest;
  throw new UploadError(
    'misconfigured',
    `The route of the table "${entry.table}" must return { method, path, body? }. Nothing was sent. The writes stay queued.`,
  );
}

function requestBy(route: Exclude<RowRoute, CallableFunction>, entry: UploadEntry): RowRequest {
  const op = route[entry.op as 'PUT' | 'PATCH' | 'DELETE'];
  if (op === false)
    throw new UploadError('invalid', `The backend accepts no ${entry.op} of the table "${entry.table}".`);
  const { method = entry.op, path = route.path ?? '/{table}/{id}', body = columnsOf } = op ?? {};
  return { method, path, body: body(entry) };
}

function isMethod(method: unknown): method is string {
  return typeof method === 'string' && /^[a-z]+$/i.test(method);
}

function isPath(path: unknown): path is string {
  return typeof path === 'string' && path !== '';
}

/** Checks a route of the options. */
export function checkRoute(
  table: string,
  route: RowRoute,
  { object, fn, noOthers, wrong }: OptionChecks,
): void {
  if (typeof route === 'function') return;
  const checkPath = (name: string, path: unknown): void => {
    if (path !== undefined && !isPath(path)) wrong(name, 'a path', path);
  };
  const name = `routes.${table}`;
  const { path, PUT, PATCH, DELETE, ...others } = object(name, route);
  noOthers(`${name}.`, others);
  checkPath(`${name}.path`, path);
  for (const [op, opRoute] of Object.entries({ PUT, PATCH, DELETE })) {
    if (opRoute === false || opRoute === undefined) continue;
    const { method, path, body, ...more } = object(`${name}.${op}`, opRoute);
    noOthers(`${name}.${op}.`, more);
    if (method !== undefined && !isMethod(method)) wrong(`${name}.${op}.method`, 'an HTTP method', method);
    checkPath(`${name}.${op}.path`, path);
    if (body !== undefined) fn(`${name}.${op}.body`, body);
  }
}

function columnsOf({ op, id, opData }: UploadEntry): object | undefined {
  if (op === 'DELETE') return undefined;
  return op === 'PUT' ? { ...opData, id } : { ...opData };
}
