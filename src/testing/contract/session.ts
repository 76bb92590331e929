import { UploadError } from '../../error/upload-error.ts';
import { toTransaction, type UploadEntry, type UploadTransaction } from '../../queue/transaction.ts';
import type { Outcome } from '../../transport/outcome.ts';
import type { PlatformAbortSignal } from '../../transport/platform.ts';
import type { Transport, TransportContext } from '../../transport/transport.ts';
import type { Delivered } from '../../upload/item.ts';
import { ContractViolation, check, checkForm, type Sent, shown } from './checks.ts';
import type { TransportFault, TransportHarness } from './harness.ts';
import { withinLimit } from './time-limit.ts';
import { uploadAll } from './upload-all.ts';

/** The columns of a row, under the names of the cases. */
export interface Values {
  readonly text?: string | null;
  readonly note?: string | null;
  readonly amount?: number | null;
}

/** Rows by id. A Map, because an id may be `__proto__`. */
export type Rows = ReadonlyMap<string, Values>;

/** One run of a case. Makes entries and transactions like those of the queue, sends them, and reads the table. */
export interface Session {
  readonly harness: TransportHarness;
  put(id: string, values: Values): UploadEntry;
  patch(id: string, values: Values): UploadEntry;
  remove(id: string): UploadEntry;
  /** Makes a PUT that the backend refuses because of its data. */
  refused(id: string, values?: Values): UploadEntry;
  transaction(...entries: UploadEntry[]): UploadTransaction;
  /** Returns the current token. Undefined if nobody is signed in. */
  token(): Promise<string | undefined>;
  /** Calls the transport once. */
  send(transactions: readonly UploadTransaction[], changes?: SendChanges): Promise<Sent>;
  /** Calls the transport as the connector does, until each transaction is applied or rejected. */
  upload(transactions: readonly UploadTransaction[], transport?: Transport): Promise<readonly Delivered[]>;
  /** Uploads the entries as one transaction, which must be applied. */
  apply(...entries: UploadEntry[]): Promise<void>;
  fault(kind: TransportFault): Promise<void>;
  rows(): Promise<Map<string, Values>>;
  /** Checks that the table holds exactly these rows. */
  expectRows(expected: Rows | Readonly<Record<string, Values>>, when: string): Promise<void>;
}

export interface SendChanges extends Partial<TransportContext> {
  readonly transport?: Transport;
}

let sessions = 0;

export function startSession(harness: TransportHarness): Session {
  const clientId = `contract-${Date.now().toString(36)}-${++sessions}`;
  const { table, backend } = harness;
  const ownTransport = harness.createTransport();
  let [opId, transactionId] = [0, 0];

  const columns = (values: Values): Record<string, unknown> =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [table[name as keyof Values], value]));
  const entry = (op: string, id: string, opData?: Record<string, unknown>): UploadEntry => ({
    clientId: ++opId,
    op,
    table: table.name,
    id,
    ...(opData && { opData }),
  });
  const token = async (): Promise<string | undefined> => harness.token?.();

  const call = async (
    transactions: readonly UploadTransaction[],
    { transport = ownTransport, ...changes }: SendChanges,
  ): Promise<readonly Outcome[]> => {
    const signal: PlatformAbortSignal = new AbortController().signal;
    const context: TransportContext = { signal, attempt: 1, clientId, token, ...changes };
    const outcomes = await withinLimit(transport({ transactions }, context), 'to settle');
    checkForm(outcomes, transactions.length);
    return outcomes;
  };

  const rows = async (): Promise<Map<string, Values>> => {
    const stored = await backend.rows();
    const byId = new Map(
      stored.map((row) => [
        row.id as string,
        Object.fromEntries(NAMES.map((name) => [name, row[table[name]] ?? null])) as Values,
      ]),
    );
    check(byId.size === stored.length, `several rows have the same id: ${shown(stored.map(({ id }) => id))}`);
    return byId;
  };

  const session: Session = {
    harness,
    token,
    rows,
    put: (id, values) => entry('PUT', id, { ...table.always, ...columns(values) }),
    patch: (id, values) => entry('PATCH', id, columns(values)),
    remove: (id) => entry('DELETE', id),
    refused: (id, values = {}) => entry('PUT', id, { ...table.always, ...columns(values), ...table.refused }),
    transaction(...entries) {
      transactionId++;
      return toTransaction(
        clientId,
        entries.map((each) => ({ ...each, transactionId })),
      );
    },
    async send(transactions, changes = {}) {
      try {
        return { outcomes: await call(transactions, changes) };
      } catch (thrown) {
        if (thrown instanceof ContractViolation) throw thrown;
        return { outcomes: [], thrown: UploadError.from(thrown) };
      }
    },
    upload: (transactions, transport = ownTransport) =>
      uploadAll(transactions, (some) => call(some, { transport })),
    async apply(...entries) {
      const delivered = await session.upload([session.transaction(...entries)]);
      check(delivered[0]?.status === 'applied', `a good transaction was ${shown(delivered[0])}`);
    },
    async fault(kind) {
      const make = backend.faults[kind];
      if (!make)
        throw new Error(
          `This case needs the fault "${kind}": run only the cases whose \`needs\` the harness supports.`,
        );
      await make();
    },
    async expectRows(expected, when) {
      const map = expected instanceof Map ? (expected as Rows) : new Map(Object.entries(expected));
      const [found, wanted] = [listed(await rows()), listed(map)];
      const lacking = wanted.filter((row) => !found.includes(row));
      const unexpected = found.filter((row) => !wanted.includes(row));
      check(
        lacking.length + unexpected.length === 0,
        `${when}, the table lacks ${inWords(lacking)}, and has unexpected ${inWords(unexpected)}`,
      );
    },
  };
  return session;
}

const NAMES = ['text', 'note', 'amount'] as const;

function listed(rows: Rows): readonly string[] {
  return [...rows].map(([id, values]) => shown([id, ...NAMES.map((name) => values[name] ?? null)]));
}

function inWords(rows: readonly string[]): string {
  const shownRows = rows.slice(0, 3).map((row) => (row.length > 200 ? `${row.slice(0, 200)}…` : row));
  if (rows.length > 3) shownRows.push(`${rows.length - 3} more`);
  return shownRows.join(', ') || 'nothing';
}
