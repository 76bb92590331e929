import { defaultVerdict } from '../error/codes.ts';
import { UploadError } from '../error/upload-error.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Outcome } from '../transport/outcome.ts';
import type { Transport } from '../transport/transport.ts';
import { type Columns, changed, numbered } from './columns.ts';
import { type Contract, ID_PREFIX, UnusableOptionsError } from './contracts.ts';
import type { LeftRow } from './left-behind.ts';
import { hasId, otherId, rowIn } from './row-in-answer.ts';

/** The backend to verify, and what to send to it. */
export interface Target {
  readonly url: string;
  readonly contract: Contract;
  /** Name of a table that verify may write to. */
  readonly table: string;
  /** Columns of a row that the backend accepts. `{n}` in a text is replaced with a number. */
  readonly row: Columns;
  /** Columns of a row that a constraint of the backend refuses. */
  readonly badRow?: Columns | undefined;
  /** The token. Undefined if the backend needs none. */
  readonly token?: string | undefined;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Options of the contract's transport or preset. */
  readonly options?: Columns | undefined;
  /** URL to read a row back, with `{table}` and `{id}`. It answers with the row as JSON, or with 404. */
  readonly readUrl?: string | undefined;
  /** Time limit of each request, in milliseconds. */
  readonly timeoutMs: number;
}

/** One answer, unchanged. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A write request and its answer. */
export interface Exchange extends RawAnswer {
  readonly method: string;
  /** Headers and body of the request. */
  readonly sent: string;
}

/** The result of sending transactions: outcomes or an error, with the answers. */
export interface Delivery {
  readonly outcomes: readonly Outcome[];
  readonly error: UploadError | undefined;
  /** The answers to writes, without those to the transport's reads. */
  readonly answers: readonly Exchange[];
  /** Number of requests, with reads. */
  readonly requests: number;
}

export interface DeliverOptions {
  /** The token to send. Undefined sends none. Default: the target's token. */
  readonly token?: string | undefined;
  /**
   * True: sends with a new transport, as after a restart of the app, because a transport may remember what it has sent.
   */
  readonly afterRestart?: boolean;
}

/** The backend, for checks. It remembers all rows that they write, to delete them in the end. */
export interface Backend {
  readonly target: Target;
  /** Makes a PUT of a new row. Default: one that the backend accepts. */
  newRow(columns?: Columns): UploadEntry;
  change(row: UploadEntry): UploadEntry;
  remove(row: UploadEntry): UploadEntry;
  transaction(...entries: UploadEntry[]): UploadTransaction;
  /** Sends transactions in one call of the transport. */
  deliver(transactions: readonly UploadTransaction[], options?: DeliverOptions): Promise<Delivery>;
  /** Sends any request, without the transport. */
  request(init: RequestInit & { readonly url?: string }): Promise<RawAnswer>;
  /** Reads the row at the backend. Null if it isn't there, undefined if it can't be read. */
  read(entry: UploadEntry): Promise<Columns | null | undefined>;
  /** Returns the ids that the backend gave to this row instead of the one that was sent, one for each PUT. */
  otherIds(entry: UploadEntry): readonly string[];
  /**
   * Returns true if the backend chooses ids: its answers show that, and no row could be read under the id that was
   * sent.
   */
  choosesIds(): boolean;
  /** Deletes all written rows. Returns those that stay. */
  cleanUp(): Promise<readonly LeftRow[]>;
}

/** Facts about a written row. */
interface Written {
  readonly row: UploadEntry;
  /** The backend's clear answers to its PUT. Undefined if there was none. */
  told: 'applied' | 'refused' | undefined;
  /** True if it could be read under the id that was sent. */
  seen: boolean;
  readonly otherIds: string[];
}

/**
 * @throws MissingPackageError
 * @throws UnusableOptionsError
 */
export async function createBackend(target: Target): Promise<Backend> {
  const { contract, headers = {} } = target;
  // Without a token, nobody is signed in, and a transport would send nothing.
  const options = { ...(target.token === undefined && { authorization: 'none' }), ...target.options };
  const run = randomHex(8);
  const written = new Map<string, Written>();
  let count = 0;
  const answers: Exchange[] = [];
  let requests = 0;
  let transport = await newTransport();

  async function newTransport(): Promise<Transport> {
    try {
      return await contract.transport(target.url, { fetch: recordingFetch, headers }, options);
    } catch (error) {
      if (error instanceof TypeError) throw new UnusableOptionsError(error.message);
      throw error;
    }
  }

  async function recordingFetch(...request: Parameters<typeof fetch>): Promise<Response> {
    const asked = new Request(...request);
    // The check `tokens` sends an empty token to mean none.
    if (/^bearer\s*$/i.test(asked.headers.get('authorization') ?? '')) asked.headers.delete('authorization');
    const { method } = asked;
    requests++;
    const sent = `${JSON.stringify([...asked.headers])}\n${await asked.clone().text()}`;
    const response = await fetchAgain(asked);
    const { status, headers } = response;
    const text = await response.clone().text();
    if (method !== 'GET' && method !== 'HEAD') answers.push({ method, sent, status, headers, text });
    return response;
  }

  function entry(op: string, id: string, opData?: Columns): UploadEntry {
    return { clientId: ++count, op, table: target.table, id, opData };
  }

  /** Remembers the backend's answers about the rows that were sent. */
  function note(transactions: readonly UploadTransaction[], delivery: Delivery): void {
    for (const [index, { entries }] of transactions.entries()) {
      for (const { op, table, id } of entries) {
        const row = op === 'PUT' ? written.get(id) : undefined;
        if (!row) continue;
        const told = toldOf(delivery, index, entries.length === 1);
        if (row.told === 'applied') continue; // A refused replay doesn't remove the row.
        row.told = told ?? (table === target.table ? row.told : 'refused'); // a write to another table makes no row here
      }
    }
    const [sent, ...others] = transactions.flatMap(({ entries }) => entries);
    const row = sent?.op === 'PUT' && others.length === 0 ? written.get(sent.id) : undefined;
    if (!sent || !row) return;
    for (const { status, text } of delivery.answers) {
      const other = status < 300 ? otherId(text, sent.id, sent.opData) : undefined;
      if (other !== undefined) row.otherIds.push(other);
    }
  }

  const backend: Backend = {
    target,
    newRow(columns = target.row) {
      const id = (contract.id ?? uuidOf)(run, hex(++count));
      return entry('PUT', id, numbered(columns, count));
    },
    // Has previous values, as in an app with `trackPrevious`.
    change: ({ id, opData = {} }) => ({ ...entry('PATCH', id, changed(opData)), previousValues: opData }),
    remove: ({ id }) => entry('DELETE', id),
    transaction: (...entries) => {
      for (const each of entries) {
        if (each.op !== 'PUT' || written.has(each.id)) continue;
        const row = { ...each, table: target.table }; // even if it is sent to another table
        written.set(each.id, { row, told: undefined, seen: false, otherIds: [] });
      }
      const [first, last] = [entries[0]?.clientId, entries[entries.length - 1]?.clientId];
      return { key: `verify-${run}:${first}-${last}:${randomHex(16)}`, transactionId: ++count, entries };
    },
    async deliver(transactions, options = {}) {
      if (options.afterRestart) transport = await newTransport();
      answers.length = 0;
      requests = 0;
      const token = 'token' in options ? options.token : target.token;
      const { outcomes, error } = await send(transport, transactions, token, target.timeoutMs);
      const delivery = { outcomes, error, answers: [...answers], requests };
      note(transactions, delivery);
      return delivery;
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
      const found = readRow(await backend.request({ url, headers: authorization(target.token) }), id);
      const known = written.get(id);
      if (known && found) known.seen = true;
      return found;
    },
    otherIds: ({ id }) => written.get(id)?.otherIds ?? [],
    choosesIds: () => {
      const told = [...written.values()].filter(({ otherIds }) => otherIds.length > 0);
      return told.length > 0 && !told.some(({ seen }) => seen);
    },
    async cleanUp() {
      const left: LeftRow[] = [];
      const choosesIds = backend.choosesIds();
      for (const each of written.values()) left.push(...(await leftOf(backend, each, choosesIds)));
      return left;
    },
  };
  return backend;
}

/** Deletes a row. Returns the rows that stay. */
async function leftOf(backend: Backend, written: Written, choosesIds: boolean): Promise<LeftRow[]> {
  const { row, told, otherIds } = written;
  // A server with integer ids may take this id for somebody else's row. So a refused row isn't deleted.
  const mayDelete = told !== 'refused' || (await backend.read(row));
  const { outcomes, error } = mayDelete
    ? await backend.deliver([backend.transaction(backend.remove(row))])
    : { outcomes: [], error: undefined };
  const [outcome] = outcomes;
  const isDeleted = outcome?.status === 'applied';
  const found = await backend.read(row);
  if (found && isDeleted)
    return [{ id: row.id, why: 'DELETE was answered as applied, but the row can still be read.' }];
  const others: LeftRow[] = [];
  for (const id of new Set(choosesIds ? otherIds : []))
    if ((await backend.read({ ...row, id })) !== null) others.push({ id, why: OTHER_ID });
  if (others.length > 0 || isDeleted || found === null || (told === 'refused' && !found)) return others;
  const failure = error ?? (outcome && 'error' in outcome ? outcome.error : undefined);
  const why = `DELETE was not applied: ${failure?.message ?? 'it was not attempted.'}`;
  return [
    { id: row.id, why: told || found ? why : `perhaps not there, because PUT got no clear answer. ${why}` },
  ];
}

function toldOf({ outcomes, error }: Delivery, index: number, isAlone: boolean): Written['told'] {
  const outcome = outcomes[index];
  if (outcome?.status === 'applied') return 'applied';
  if (!isAlone) return undefined; // The backend may have applied a part.
  const code = (error ?? (outcome && 'error' in outcome ? outcome.error : undefined))?.code;
  return code && (code === 'unauthenticated' || ['reject', 'hold'].includes(defaultVerdict(code)))
    ? 'refused'
    : undefined;
}

const OTHER_ID =
  "chosen by the backend. verify deletes only rows with the ids that it sent: another id could be somebody else's row.";

async function send(
  transport: Transport,
  transactions: readonly UploadTransaction[],
  token: string | undefined,
  timeoutMs: number,
): Promise<Omit<Delivery, 'answers' | 'requests'>> {
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

/**
 * Fetches, and tries once more if that fails: after a refused body, the backend may have closed the kept connection.
 */
async function fetchAgain(...request: Parameters<typeof fetch>): Promise<Response> {
  const [input, init] = request;
  try {
    return await fetch(input instanceof Request ? input.clone() : input, init);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fetch(...request);
  }
}

/** Returns the row in the answer to a read. Undefined if it can't be read, or if it has another id. */
function readRow({ status, text }: RawAnswer, id: string): Columns | null | undefined {
  if (status === 404 || status === 410) return null;
  if (status !== 200) return undefined;
  const row = rowIn(text);
  return row && !hasId(row, id) ? undefined : row;
}

export function authorization(token: string | undefined): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
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
