import { UploadError } from '../outcome/upload-error.ts';
import { failureAlone } from '../per-entry/failure.ts';
import type { UploadEntry, UploadTransaction } from '../queue/transaction.ts';
import type { Transport } from '../transport.ts';

export function hasColumns({ opData = {} }: UploadEntry): boolean {
  return Object.keys(opData).length > 0;
}

/**
 * Leaves out each PATCH without columns, which is an error to most backends, and checks the other entries: what `check`
 * throws is the outcome of the entry's transaction, without a request.
 */
export function prepareEntries(
  transport: Transport,
  check: (entry: UploadEntry) => void = () => {},
): Transport {
  const prepared: Transport = async ({ transactions }, context) => {
    const ready: UploadTransaction[] = [];
    for (const transaction of transactions) {
      const entries = transaction.entries.filter((entry) => entry.op !== 'PATCH' || hasColumns(entry));
      try {
        entries.forEach(check);
      } catch (thrown) {
        if (ready.length > 0) break; // What stands before it goes first.
        return transactions.map((_, index) =>
          index ? { status: 'not_attempted' } : failureAlone(thrown, context),
        );
      }
      ready.push({ ...transaction, entries });
    }
    const toSend = ready.filter(({ entries }) => entries.length > 0);
    const outcomes = toSend.length ? [...(await transport({ transactions: toSend }, context))] : [];
    return transactions.map((_, index) => {
      if (!ready[index]) return { status: 'not_attempted' };
      if (ready[index].entries.length === 0) return { status: 'applied' };
      return outcomes.shift() ?? { status: 'not_attempted' };
    });
  };
  return Object.assign(prepared, transport);
}

/** A check for backends to which a PUT of nothing but the id is an error. */
export function putNeedsColumns(entry: UploadEntry): void {
  if (entry.op !== 'PUT' || hasColumns(entry)) return;
  throw new UploadError(
    'invalid',
    `The backend takes no new row of "${entry.table}" without a column: give it one, or use the transform fillNulls().`,
  );
}

/**
 * The columns of a PATCH, completed from the previous values, for backends that clear those of `columns` that aren't in
 * it. Throws where they aren't known: sent as it is, the PATCH would clear them.
 */
export function withPrevious(
  { table, opData, previousValues }: UploadEntry,
  columns: readonly string[],
): Record<string, unknown> {
  const row: Record<string, unknown> = { ...opData };
  for (const column of columns) {
    if (Object.hasOwn(row, column)) continue;
    if (!previousValues) {
      throw new UploadError(
        'misconfigured',
        `The backend clears the column "${column}" of "${table}" when a PATCH doesn't carry it: let the schema track ` +
          'previous values (trackPrevious: true). The writes stay queued.',
      );
    }
    if (Object.hasOwn(previousValues, column)) row[column] = previousValues[column];
  }
  return row;
}
