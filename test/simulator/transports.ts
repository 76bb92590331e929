// The transports of apps: the write API in one request, a function for each entry, and both of them by table. Each
// passes the signal on, or ignores it as the examples of most clients do.

import type { UploadEntry, UploadTransaction } from '../../src/queue/transaction.ts';
import type { Outcome } from '../../src/transport/outcome.ts';
import type { Transport, TransportContext } from '../../src/transport/transport.ts';
import { untilAborted } from './network.ts';
import type { Realm } from './realms.ts';
import type { Answer, Unit, WireEntry } from './server.ts';

export const TRANSPORTS = ['write api', 'per entry', 'routes'] as const;
export type TransportKind = (typeof TRANSPORTS)[number];

export interface TransportSetup {
  readonly kind: TransportKind;
  /** Continues when the signal is aborted. */
  readonly ignoresSignal: boolean;
  /** Sends with the session of the user who is signed in, not with the token that it gets. Only for `per entry`. */
  readonly usesSession: boolean;
  readonly concurrency: number;
}

/** The connection between an app's function and the simulated world. */
export interface Surroundings {
  /** A call of the function begins. Call the result when it ends. */
  begins(context: TransportContext, entries: readonly UploadEntry[], keys: readonly string[]): () => void;
  /** A request is sent with this token, or with the session. */
  sends(entries: readonly UploadEntry[], token: string | undefined): void;
  /** An answer arrived in time. It says that these were refused, and that others behind them were applied. */
  toldOvertaken(entries: readonly UploadEntry[]): void;
  send(units: readonly Unit[], token: string | undefined): Promise<Answer>;
}

export function makeTransport(setup: TransportSetup, realm: Realm, around: Surroundings): Transport {
  const { kind, concurrency } = setup;
  const each = (): Transport => realm.perEntry(sendEntry(setup, realm, around), { concurrency });
  switch (kind) {
    case 'write api':
      return writeApi(setup, realm, around);
    case 'per entry':
      return each();
    case 'routes':
      return realm.route({ rows: writeApi(setup, realm, around), default: each() });
  }
}

/** Like `writeApi()`, but without HTTP. */
function writeApi({ ignoresSignal }: TransportSetup, realm: Realm, around: Surroundings): Transport {
  return async ({ transactions }, context) => {
    const entries = transactions.flatMap((each) => each.entries);
    const keys = transactions.map(({ key }) => key);
    const ended = around.begins(context, entries, keys);
    try {
      const token = await context.token();
      if (token === undefined) throw new realm.UploadError('unauthenticated', 'Nobody is signed in.');
      const { body, count } = realm.packTransactions(transactions, 2_000);
      const sent = transactions.slice(0, count);
      around.sends(
        sent.flatMap((each) => each.entries),
        token,
      );
      const request = around.send(readUnits(body), token);
      const answer = await (ignoresSignal ? request : untilAborted(request, context.signal as AbortSignal));
      const results = realm.readResults(withHeaders(answer), count);
      const last = results.findLastIndex(({ status }) => status === 'applied');
      const overtaken = sent.filter((_, at) => at < last && results[at]?.status === 'rejected');
      if (!context.signal.aborted) around.toldOvertaken(overtaken.flatMap((each) => each.entries));
      return transactions.map((_, index): Outcome => results[index] ?? { status: 'not_attempted' });
    } finally {
      ended();
    }
  };
}

/** The function that apps write for a client that takes one change at a time. */
function sendEntry(
  { ignoresSignal, usesSession }: TransportSetup,
  realm: Realm,
  around: Surroundings,
): Parameters<Realm['perEntry']>[0] {
  return async (entry, context) => {
    const ended = around.begins(context, [entry], [context.key]);
    try {
      const token = usesSession ? undefined : await context.token();
      if (token === undefined && !usesSession)
        throw new realm.UploadError('unauthenticated', 'Nobody is signed in.');
      around.sends([entry], token);
      const unit = { key: context.key, entries: [toWire(entry)] };
      const request = around.send([unit], token);
      const answer = await (ignoresSignal ? request : untilAborted(request, context.signal as AbortSignal));
      const [outcome] = realm.readResults(withHeaders(answer), 1);
      return outcome as Exclude<Outcome, { readonly status: 'skipped' | 'not_attempted' }>;
    } finally {
      ended();
    }
  };
}

function withHeaders({ status, text, headers = {} }: Answer) {
  return { status, text, headers: { get: (name: string) => headers[name] ?? null } };
}

function readUnits(body: string): Unit[] {
  const { transactions } = JSON.parse(body) as { transactions: readonly WireTransaction[] };
  return transactions.map(({ idempotency_key: key, crud }) => ({
    key,
    entries: crud.map(({ id, op, table, op_data: data }) => ({ id, op, table, ...(data && { data }) })),
  }));
}

interface WireTransaction {
  readonly idempotency_key: UploadTransaction['key'];
  readonly crud: readonly (Omit<WireEntry, 'data'> & { readonly op_data?: WireEntry['data'] })[];
}

function toWire({ id, op, table, opData }: UploadEntry): WireEntry {
  return { id, op, table, ...(opData && { data: opData }) };
}
