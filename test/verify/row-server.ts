import { onTestFinished } from 'vitest';
import { readBody, startLocalServer } from '../support/service-stand-in/local-server.ts';

type Row = Record<string, unknown>;

/** How a backend by rows is built. Without anything, it does all that it should. */
export interface RowServerOptions {
  /** What a PUT of a row that exists does. Default: overwrites it. */
  readonly put?: 'overwrites' | 'ignores' | 'refuses';
  /** Whether it keeps the `Idempotency-Key` of each request, and applies none twice. Default: yes. */
  readonly keepsKeys?: boolean;
  /** Gives each new row a number as its id. */
  readonly choosesIds?: boolean;
  /** What it answers to the DELETE of a row that is gone. Default: 204. */
  readonly deleteOfNone?: () => Response;
  /** Refuses a PUT of a row that was deleted. */
  readonly knowsDeleted?: boolean;
  /** Says that it has deleted, but doesn't. */
  readonly keepsDeleted?: boolean;
  /** Every DELETE is refused. */
  readonly refusesDelete?: boolean;
  /** Stores a bad row, and says that it was refused. */
  readonly storesBadRows?: boolean;
  /** A row that is there before. */
  readonly existing?: Row;
  /** Takes writes without an `Authorization` header, and no others but with the token `good`. */
  readonly takesNoToken?: boolean;
  /** A PATCH is refused. */
  readonly refusesPatch?: boolean;
  /** What it stores instead of the columns that are sent. */
  readonly stores?: (columns: Row) => Row;
  /** What it answers to a PUT. Default: the row. */
  readonly answersPut?: (row: Row) => Response;
  /** What a row looks like that is read. */
  readonly shows?: (row: Row) => unknown;
}

export interface RowServer {
  /** Of the contract `rows`. */
  readonly url: string;
  readonly readUrl: string;
  readonly rows: Map<string, Row>;
  /** The method, path and body of each write. */
  readonly writes: string[];
}

/** A backend by rows in memory, until the end of the test: `PUT`, `PATCH`, `DELETE` and `GET` of `/rows/{table}/{id}`. */
export async function startRowServer(options: RowServerOptions = {}): Promise<RowServer> {
  const {
    put = 'overwrites',
    keepsKeys = true,
    choosesIds,
    keepsDeleted,
    knowsDeleted,
    refusesPatch,
  } = options;
  const {
    stores = (columns) => columns,
    answersPut = (row) => Response.json(row),
    shows = (row) => row,
  } = options;
  const rows = new Map<string, Row>();
  if (options.existing) rows.set(String(options.existing.id), options.existing);
  const writes: string[] = [];
  const deleted = new Set<string>();
  const answered = new Map<string, () => Response>();
  let lastId = 16;

  function answer(method: string, id: string, columns: Row): () => Response {
    const row = rows.get(id);
    if (columns.name === '') {
      if (options.storesBadRows) rows.set(id, { ...columns, id });
      return () => Response.json({ code: '23514' }, { status: 422 });
    }
    switch (method) {
      case 'PUT': {
        if (row && put === 'refuses') return () => Response.json({ code: '23505' }, { status: 409 });
        if (knowsDeleted && deleted.has(id)) return () => Response.json({ code: 'DELETED' }, { status: 422 });
        const own = choosesIds ? String(++lastId) : id;
        const stored = row && put === 'ignores' ? row : { ...row, ...stores(columns), id: own };
        rows.set(own, stored);
        return () => answersPut(choosesIds ? { ...stored, id: Number(own) } : stored);
      }
      case 'PATCH':
        if (refusesPatch) return () => Response.json({ code: '42501' }, { status: 403 });
        if (!row) return () => Response.json({ code: 'NOT_FOUND' }, { status: 404 });
        rows.set(id, { ...row, ...stores(columns) });
        return () => new Response(null, { status: 204 });
      default:
        if (options.refusesDelete) return () => Response.json({ code: '42501' }, { status: 403 });
        if (!row && options.deleteOfNone) return options.deleteOfNone;
        if (!keepsDeleted) rows.delete(id);
        deleted.add(id);
        return () => new Response(null, { status: 204 });
    }
  }

  const server = await startLocalServer(async (incoming, response) => {
    const method = incoming.method ?? '';
    const [, , table, id = ''] = (incoming.url ?? '').split('/').map(decodeURIComponent);
    const text = (await readBody(incoming)).toString();
    const send = async (said: Response): Promise<void> => {
      response.writeHead(said.status, Object.fromEntries(said.headers)).end(await said.text());
    };
    if (method === 'OPTIONS') return send(new Response(null, { status: 405 }));
    const { authorization } = incoming.headers;
    if (options.takesNoToken && authorization !== undefined && authorization !== 'Bearer good')
      return send(new Response(null, { status: 401 }));
    const row = rows.get(id);
    if (method === 'GET') return send(row ? Response.json(shows(row)) : new Response(null, { status: 404 }));
    writes.push(`${method} ${incoming.url} ${text}`);
    if (table !== 'lists') return send(Response.json({ code: '42P01' }, { status: 422 }));
    const key = keepsKeys ? incoming.headers['idempotency-key'] : undefined;
    const known = key === undefined ? undefined : answered.get(String(key));
    const said = known ?? answer(method, id, text === '' ? {} : JSON.parse(text));
    if (key !== undefined && said().ok) answered.set(String(key), said);
    return send(said());
  });
  onTestFinished(() => server.close());
  return { url: `${server.url}/rows`, readUrl: `${server.url}/rows/{table}/{id}`, rows, writes };
}
