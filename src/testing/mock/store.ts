import type { MockContract, MockEntry, MockRejection, MockResult, MockTransaction } from './contract.ts';
import type { MockRow, MockTables } from './tables.ts';

/** A prepared result for one transaction. */
export type Planned =
  | { readonly transaction: MockTransaction; readonly entryIndex: number; readonly rejection: MockRejection }
  | { readonly transaction: MockTransaction; readonly retryAfterMs: number | undefined };

export interface StoreOptions {
  readonly idempotent: boolean;
  readonly atomic: boolean;
  readonly tables: MockTables;
}

interface Stored {
  readonly tables: Map<string, Map<string, MockRow>>;
  /** Idempotency keys of applied transactions. */
  readonly keys: Set<string>;
  executions: number;
}

const NOT_ATTEMPTED: MockResult = { status: 'not_attempted' };

/** Returns a rejection if an entry is refused because its row exists or is missing. */
export type Rule = (entry: MockEntry, exists: boolean) => MockRejection | undefined;

/** Stores the rows of a backend, and the keys that it has applied. */
export function createStore(options: StoreOptions) {
  let stored = load(options.tables);

  function isReplay({ key }: MockTransaction): boolean {
    return options.idempotent && key !== undefined && stored.keys.has(key);
  }

  function run(
    transaction: MockTransaction,
    rule: Rule | undefined,
    planned: Planned | undefined,
  ): MockResult {
    if (isReplay(transaction)) return { status: 'applied', written: transaction.entries.length };
    const mine = planned?.transaction === transaction ? planned : undefined;
    if (mine && !('rejection' in mine)) return { status: 'retry', retryAfterMs: mine.retryAfterMs };
    const before = copy(stored);
    let written = 0;
    for (const [entryIndex, entry] of transaction.entries.entries()) {
      const rows = tableOf(stored, entry);
      const exists = rows.has(entry.id);
      const rejection = mine?.entryIndex === entryIndex ? mine.rejection : rule?.(entry, exists);
      if (rejection) {
        if (options.atomic) stored = before;
        return { status: 'rejected', rejection, entryIndex };
      }
      apply(rows, entry);
      if (exists || entry.op === 'PUT') written++;
    }
    stored.executions++;
    if (transaction.key !== undefined) stored.keys.add(transaction.key);
    return { status: 'applied', written };
  }

  return {
    isReplay,
    /** Applies transactions in order, until one fails. */
    execute(
      transactions: readonly MockTransaction[],
      unit: MockContract['unit'],
      rule: Rule | undefined,
      planned: Planned | undefined,
    ): MockResult[] {
      const before = copy(stored);
      let failed = false;
      const results = transactions.map((transaction) => {
        const result = failed ? NOT_ATTEMPTED : run(transaction, rule, planned);
        failed = result.status !== 'applied';
        return result;
      });
      if (failed && unit === 'request' && options.atomic) stored = before;
      return results;
    },
    get executions() {
      return stored.executions;
    },
    get tables(): MockTables {
      return Object.fromEntries(
        [...stored.tables]
          .filter(([, rows]) => rows.size > 0)
          .map(([table, rows]) => [table, Object.fromEntries(rows)]),
      );
    },
    reset() {
      stored = load(options.tables);
    },
  };
}

function load(tables: MockTables): Stored {
  return {
    tables: new Map(
      Object.entries(tables).map(([table, rows]) => [table, new Map<string, MockRow>(Object.entries(rows))]),
    ),
    keys: new Set(),
    executions: 0,
  };
}

function copy({ tables, keys, executions }: Stored): Stored {
  return {
    tables: new Map([...tables].map(([table, rows]) => [table, new Map(rows)])),
    keys: new Set(keys),
    executions,
  };
}

function tableOf({ tables }: Stored, { table }: MockEntry): Map<string, MockRow> {
  const rows = tables.get(table) ?? new Map<string, MockRow>();
  tables.set(table, rows);
  return rows;
}

/** PUT is an upsert of the given columns. PATCH and DELETE of a missing row do nothing. */
function apply(rows: Map<string, MockRow>, { op, id, opData }: MockEntry): void {
  const row = rows.get(id);
  if (op === 'DELETE') rows.delete(id);
  else if (op === 'PUT' || row) rows.set(id, { ...row, ...opData });
}
