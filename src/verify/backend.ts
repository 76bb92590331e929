import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';
import { type Contract, ID_PREFIX } from './contracts.ts';

/** Columns of a row. */
export type Columns = Readonly<Record<string, unknown>>;

/** What a backend is to be verified with. */
export interface Target {
  readonly url: string;
  readonly contract: Contract;
  /** A table that may be written to. */
  readonly table: string;
  /** Columns of a row that the backend takes; `{n}` in a text is numbered. */
  readonly row: Columns;
  /** Columns of a row that a constraint of the backend refuses. */
  readonly badRow?: Columns | undefined;
  /** A token; undefined where the backend takes none. */
  readonly token?: string | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Where a row can be read back: a URL with `{table}` and `{id}` that answers the row as JSON, or 404. */
  readonly readUrl?: string | undefined;
  /** Milliseconds for each request. */
  readonly timeoutMs: number;
}

/** One answer as it came. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What came of sending transactions: outcomes or an error, and the answers behind them. */
export interface Delivery {
  readonly outcomes: readonly Outcome[];
  readonly error: UploadError | undefined;
  readonly answers: readonly RawAnswer[];
}

/** The backend as checks see it. Every row that they write is remembered, to be deleted in the end. */
export interface Backend {
  readonly target: Target;
  /** A PUT of a new row that the backend takes. */
  newRow(columns?: Columns): UploadEntry;
  change(row: UploadEntry): UploadEntry;
  remove(row: UploadEntry): UploadEntry;
  transaction(...entries: UploadEntry[]): UploadTransaction;
  /** Sends transactions in one call of the transport; by default with the token. */
  deliver(transactions: readonly UploadTransaction[], token?: string | undefined): Promise<Delivery>;
  /** Any request, outside the transport. */
  request(init: RequestInit & { readonly url?: string }): Promise<RawAnswer>;
  /** The row at the backend; null if it isn't there, undefined if it can't be read back. */
  read(entry: UploadEntry): Promise<Columns | null | undefined>;
  /** Deletes every row that was written; returns how many of them may be left. */
  cleanUp(): Promise<number>;
}

/** @throws MissingPackageError */
export async function createBackend(target: Target): Promise<Backend> {
  const { contract, headers = {} } = target;
  const run = randomHex(8);
  const written = new Map<string, UploadEntry>();
  let count = 0;
  const answers: RawAnswer[] = [];
  const transport = await contract.transport(target.url, { fetch: recordingFetch, headers });

  async function recordingFetch(...request: Parameters<typeof fetch>): Promise<Response> {
    const response = await fetchAgain(...request);
    const { status, headers } = response;
    answers.push({ status, headers, text: await response.clone().text() });
    return response;
  }

  function entry(op: string, id: string, opData?: Columns): UploadEntry {
    const made = { clientId: ++count, op, table: target.table, id, opData };
    if (op === 'PUT') written.set(id, made);
    return made;
  }

  const backend: Backend = {
    target,
    newRow(columns = target.row) {
      const id = (contract.id ?? uuidOf)(run, hex(++count));
      return entry('PUT', id, numbered(columns, count));
    },
    // As an app with `trackPrevious` sends it.
    change: ({ id, opData = {} }) => ({ ...entry('PATCH', id, changed(opData)), previousValues: opData }),
    remove: ({ id }) => entry('DELETE', id),
    transaction: (...entries) => {
      const [first, last] = [entries[0]?.clientId, entries[entries.length - 1]?.clientId];
      return { key: `verify-${run}:${first}-${last}:${randomHex(16)}`, transactionId: ++count, entries };
    },
    async deliver(transactions, ...token) {
      answers.length = 0;
      const current = token.length > 0 ? token[0] : target.token;
      const { outcomes, error } = await send(transport, transactions, current, target.timeoutMs);
      return { outcomes, error, answers: [...answers] };
    },
    async request({ url = contract.postUrl?.(target.url) ?? target.url, ...init }) {
      const response = await fetchAgain(url, {
        redirect: 'manual',
        ...init,
        headers: { ...(init.method !== 'OPTIONS' && headers), ...(init.headers as Record<string, string>) },
        signal: AbortSignal.timeout(target.timeoutMs),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    async read({ table, id }) {
      if (target.readUrl === undefined) return undefined;
      const url = target.readUrl
        .replace('{table}', encodeURIComponent(table))
        .replace('{id}', encodeURIComponent(id));
      return readRow(await backend.request({ url, headers: authorization(target.token) }));
    },
    async cleanUp() {
      let left = 0;
      for (const row of written.values()) {
        const { outcomes } = await backend.deliver([backend.transaction(backend.remove(row))]);
        if (outcomes[0]?.status !== 'applied') left++;
      }
      return left;
    },
  };
  return backend;
}

async function send(
  transport: Transport,
  transactions: readonly UploadTransaction[],
  token: string | undefined,
  timeoutMs: number,
): Promise<Omit<Delivery, 'answers'>> {
  const context = {
    signal: AbortSignal.timeout(timeoutMs),
    attempt: 1,
    clientId: 'verify',
    token: async () => token,
  };
  try {
    return { outcomes: await transport({ transactions }, context), error: undefined };
  } catch (thrown) {
    return { outcomes: [], error: UploadError.from(thrown) };
  }
}

/** Fetches, twice if need be: a backend that refused a body may have closed the connection that was kept for the next. */
async function fetchAgain(...request: Parameters<typeof fetch>): Promise<Response> {
  const [input, init] = request;
  try {
    return await fetch(input instanceof Request ? input.clone() : input, init);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fetch(...request);
  }
}

/** Reads `{...}`, `[{...}]`, `{ data: {...} }` or `{ row: {...} }`. */
function readRow({ status, text }: RawAnswer): Columns | null | undefined {
  if (status === 404) return null;
  if (status !== 200) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    if (Array.isArray(json)) return (json[0] as Columns | undefined) ?? null;
    const { data, row } = Object(json);
    return (data ?? row ?? json) as Columns | null;
  } catch {
    return undefined;
  }
}

export function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** `{n}` in a text becomes a number, another one for each row: for columns whose values must not repeat. */
function numbered(columns: Columns, n: number): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll('{n}', String(n)) : value,
    ]),
  );
}

/** Another value for one column: text gets longer, a number greater. */
export function changed(row: Columns): Columns {
  const [name, value] =
    Object.entries(row).find(([, each]) => typeof each === 'string') ??
    Object.entries(row).find(([, each]) => typeof each === 'number') ??
    [];
  if (name === undefined) return row;
  return { [name]: typeof value === 'number' ? value + 1 : `${value} (changed)` };
}

function uuidOf(run: string, count: string): string {
  return `${ID_PREFIX}-${run.slice(0, 4)}-4${run.slice(4, 7)}-8000-${count}`;
}

function randomHex(digits: number): string {
  return Array.from({ length: digits }, () => Math.floor(Math.random() * 16).toString(16)).join('');
}

function hex(count: number): string {
  return count.toString(16).padStart(12, '0');
}
